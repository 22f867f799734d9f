/* SPDX-License-Identifier: MIT
 * The Sessions API: its handlers by audience, and the pieces of its answers they share. */
#ifndef API_V1_H
#define API_V1_H

#include "api/call.h"
#include "model/revoke.h"
#include "model/session.h"

extern const struct dialect dialect_v1;

/* An answer {"data":…, "meta":{…}}: open, one value under the key "data", close. */
struct json_writer *v1_open(struct call *c, int status);
MUST_CHECK enum err v1_close(struct call *c, struct json_writer *w);

/* SessionListItem and SessionResponse, field for field as documented, extensions behind.
 * v1_put_detail leaves the object open for the caller to end. */
void v1_put_item(struct json_writer *w, const struct call *c, const struct session *s);
void v1_put_detail(struct json_writer *w, const struct call *c, const struct session_detail *d);
void v1_put_pagination(struct json_writer *w, int64_t page, int64_t per_page, int64_t total);

/* Rows before a page; a page too deep to count is behind everything (contract 2.2). */
int64_t v1_page_offset(int64_t page, int64_t per_page);

/* The shared endings of handlers. */
MUST_CHECK enum err v1_answer_page(struct call *c, const struct session_scope *scope);
MUST_CHECK enum err v1_answer_revoked(struct call *c, struct revoke_call *revoke);
MUST_CHECK enum err v1_answer_empty(struct call *c); /* 204 */

/* DELETE of one session in the scope: ended if active, ERR_NOT_FOUND if it never was there. */
MUST_CHECK enum err v1_revoke_one(struct call *c, struct revoke_call *revoke);

/* One session by the path's id, in whatever the caller reaches: platform and tenant alike. */
enum err v1_session_get(struct call *c);
enum err v1_session_delete(struct call *c);

enum err v1_admin_list(struct call *c);
enum err v1_admin_revoke_all(struct call *c);
enum err v1_audit_list(struct call *c);
enum err v1_revoke_by_filter(struct call *c);
enum err v1_me_list(struct call *c);
enum err v1_me_revoke_all(struct call *c);
enum err v1_me_delete(struct call *c);
enum err v1_tenant_list(struct call *c);
enum err v1_tenant_revoke_all(struct call *c);
enum err v1_tenant_stats(struct call *c);
enum err v1_tenant_user_list(struct call *c);
enum err v1_tenant_user_revoke(struct call *c);

#endif
