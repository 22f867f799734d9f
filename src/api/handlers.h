/* SPDX-License-Identifier: MIT
 * The handlers of the route table, by front door, and the pieces of its answers that the handlers
 * of one front door share. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "call/call.h"

struct json_writer;
struct revoke_call;
struct session;
struct session_range;

/* The Sessions API. */
extern const struct dialect dialect_v1;

/* An answer {"data":…, "meta":{…}}: open, one value under the key "data", close. */
struct json_writer *v1_open(struct call *c, int status);
MUST_CHECK enum err v1_close(struct call *c, struct json_writer *w);

/* SessionListItem and SessionResponse, field for field as documented, extensions behind.
 * v1_put_detail leaves the object open for the caller to end. */
void v1_put_item(struct json_writer *w, const struct call *c, const struct session *s);
void v1_put_detail(struct json_writer *w, const struct call *c, const struct session *s);

/* A JSON array of the store, null where there is none. */
void v1_put_list(struct json_writer *w, struct arena *a, const char *name, struct str text);

/* The rows that `page`, `per_page` and `cursor` mean, and one more. ERR_INVALID: no such cursor. */
MUST_CHECK enum err v1_read_range(struct call *c, struct session_range *out);

/* A paginated answer: open, the items, close. last_id.p != NULL: the last item shown, when there
 * are more; the answer then links to the next page. */
struct json_writer *v1_open_page(struct call *c);
MUST_CHECK enum err v1_close_page(
	struct call *c, struct json_writer *w, int64_t total, int64_t last_ms, struct str last_id);

/* Whole answers that handlers share. */
MUST_CHECK enum err v1_answer_page(struct call *c, const struct session_scope *scope);
MUST_CHECK enum err v1_answer_empty(struct call *c); /* 204 */

/* Ends the sessions and answers with their number and ids (SessionRevokeResponse). */
MUST_CHECK enum err v1_revoke(struct call *c, struct revoke_call *revoke);

/* Called after one session was to end: ERR_NOT_FOUND if there never was such a session. */
MUST_CHECK enum err v1_require_one(struct call *c, const struct revoke_call *revoke);

/* One session by the path's id, in whatever the caller reaches: platform and tenant alike. */
enum err v1_session_get(struct call *c);
enum err v1_session_delete(struct call *c);

/* The value of WWW-Authenticate that asks for a newer sign-in, in every dialect. */
struct str step_up_challenge(const struct call *c);

enum err v1_admin_list(struct call *c);
enum err v1_admin_revoke_all(struct call *c);
enum err v1_audit_list(struct call *c);
enum err v1_revoke_by_filter(struct call *c);
enum err v1_me_list(struct call *c);
enum err v1_me_revoke_all(struct call *c);
enum err v1_me_delete(struct call *c);
enum err v1_policy_get(struct call *c);
enum err v1_policy_put(struct call *c);
enum err v1_tenant_list(struct call *c);
enum err v1_tenant_revoke_all(struct call *c);
enum err v1_tenant_stats(struct call *c);
enum err v1_tenant_user_list(struct call *c);
enum err v1_tenant_user_revoke(struct call *c);

/* Getting sessions in (schema/api.md 5): registration at sign-in, and activity. */
enum err ingest_register(struct call *c);
enum err ingest_activity(struct call *c);

/* What standard OAuth clients ask: RFC 7662 and RFC 7009. */
enum err oauth_introspect(struct call *c);
enum err oauth_revoke(struct call *c);

/* The identity provider signs people out. */
enum err logout_backchannel(struct call *c);

/* An error of OAuth (RFC 6749 section 5.2) with status 400, instead of the dialect's own. */
MUST_CHECK enum err oauth_refuse(struct call *c, const char *error, const char *description);

/* OpenZiti's Edge Management API, ApiSession (schema/api.md 4). */
extern const struct dialect dialect_edge;

/* Type of a fault that is INVALID_PAGINATION and not COULD_NOT_VALIDATE (schema/filter.md 8). */
#define EDGE_FAULT_PAGE "pagination"

/* An answer {"data":…, "meta":{…}}. edge_close writes meta's versions and ends; what else meta
 * holds goes between edge_meta and edge_close. */
struct json_writer *edge_open(struct call *c);
void edge_meta(struct json_writer *w);
MUST_CHECK enum err edge_close(struct json_writer *w);

enum err edge_list(struct call *c);
enum err edge_detail(struct call *c);
enum err edge_delete(struct call *c);
enum err edge_current(struct call *c);
enum err edge_sign_out(struct call *c);
enum err edge_version(struct call *c);

/* What operators ask (schema/api.md 6): is the process up, does the database answer, and the
 * numbers of the pool. */
enum err ops_healthz(struct call *c); /* touches nothing but this process */
enum err ops_readyz(struct call *c);
enum err ops_metrics(struct call *c); /* 404 to every address that METRICS_ALLOW does not list */

/* Whether a list of addresses separated by commas has this one. Addresses are compared and not
 * their spellings; an IPv4 address written as IPv6 (::ffff:192.0.2.1) is the IPv4 address. */
bool ops_is_listed(const char *list, struct str address);

/* GET /authorize: what api/authorizer.h decides, as 200 or 401 with X-Rollcall-Session, -User and
 * -Tenant. */
enum err authorizer_handler(struct call *c);

/* GET {api prefix}/openapi.json: schema/openapi.yaml as JSON, of this installation. */
enum err openapi_handler(struct call *c);

/* The file, made into C by schema/openapi-to-c. Not NUL-terminated. */
extern const char openapi_json[];
extern const size_t openapi_json_bytes;

/* Where the file has the two APIs. */
#define OPENAPI_V1 "/api/v1"
#define OPENAPI_EDGE "/edge/management/v1"

/* The document with these base paths instead of the default ones, and with `mount` ("" for the
 * root) as its server. */
struct buf;
void openapi_write(struct arena *a, struct str mount, struct str api_prefix, struct str edge_prefix,
	struct buf *out);

#endif
