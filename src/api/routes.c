/* SPDX-License-Identifier: MIT
 * THE route table: what exists, who may, what it takes. Nothing else lives here. Access, body and
 * parameters are enforced by dispatch from the row; HEAD, 405 and Allow follow from it. */
#include "api/routes.h"

#include "console.h"
#include "handlers.h"

#define PAGING (1u << PARAM_PAGE | 1u << PARAM_PER_PAGE | 1u << PARAM_CURSOR)
#define ACTIVE (1u << PARAM_ACTIVE_ONLY)
#define USER (1u << PARAM_USER_ID)
#define WHERE (USER | 1u << PARAM_TENANT_ID | 1u << PARAM_PARTNER_ID)

/* clang-format off */
#define V1(method, pattern, handler, access, body, params, name) \
	{{HTTP_##method, PREFIX_V1, pattern}, handler, ACCESS_##access, BODY_##body, params, &dialect_v1, name, false},
#define EDGE(method, pattern, handler, access, name) \
	{{HTTP_##method, PREFIX_EDGE, pattern}, handler, ACCESS_##access, BODY_NONE, 0, &dialect_edge, name, false},

static const struct route routes[] = {
	/* method  pattern                                     handler                access          body  parameters            name */
	V1(GET,    "/admin/sessions",                          v1_admin_list,         PLATFORM_READ,  NONE, PAGING | WHERE,       "v1.admin.list")
	V1(POST,   "/admin/sessions/revoke-all",               v1_admin_revoke_all,   PLATFORM_WRITE, JSON, 0,                    "v1.admin.revoke_all")
	V1(GET,    "/admin/sessions/{session_id}",             v1_session_get,        PLATFORM_READ,  NONE, 0,                    "v1.admin.get")
	V1(DELETE, "/admin/sessions/{session_id}",             v1_session_delete,     PLATFORM_WRITE, NONE, 0,                    "v1.admin.delete")
	V1(GET,    "/me/sessions",                             v1_me_list,            ME,             NONE, 0,                    "v1.me.list")
	V1(POST,   "/me/sessions/revoke-all",                  v1_me_revoke_all,      ME,             NONE, 0,                    "v1.me.revoke_all")
	V1(DELETE, "/me/sessions/{session_id}",                v1_me_delete,          ME,             NONE, 0,                    "v1.me.delete")
	V1(GET,    "/tenants/{tenant_id}/sessions",            v1_tenant_list,        TENANT_READ,    NONE, PAGING | ACTIVE | USER, "v1.tenant.list")
	V1(POST,   "/tenants/{tenant_id}/sessions/revoke-all", v1_tenant_revoke_all,  TENANT_WRITE,   NONE, 0,                    "v1.tenant.revoke_all")
	V1(GET,    "/tenants/{tenant_id}/sessions/stats",      v1_tenant_stats,       TENANT_READ,    NONE, 0,                    "v1.tenant.stats")
	V1(GET,    "/tenants/{tenant_id}/sessions/users/{user_id}",        v1_tenant_user_list,   TENANT_READ,  NONE, PAGING | ACTIVE, "v1.tenant.user_list")
	V1(POST,   "/tenants/{tenant_id}/sessions/users/{user_id}/revoke", v1_tenant_user_revoke, TENANT_WRITE, JSON, 0,               "v1.tenant.user_revoke")
	V1(GET,    "/tenants/{tenant_id}/sessions/{session_id}", v1_session_get,      TENANT_READ,    NONE, 0,                    "v1.tenant.get")
	V1(DELETE, "/tenants/{tenant_id}/sessions/{session_id}", v1_session_delete,   TENANT_WRITE,   NONE, 0,                    "v1.tenant.delete")
	V1(POST,   "/admin/sessions/revoke-by-filter",         v1_revoke_by_filter,   PLATFORM_WRITE, JSON, 0,                    "v1.admin.revoke_by_filter")
	V1(GET,    "/admin/audit",                             v1_audit_list,         PLATFORM_READ,  NONE, PAGING | WHERE,       "v1.admin.audit")
	V1(POST,   "/tenants/{tenant_id}/sessions/revoke-by-filter", v1_revoke_by_filter, TENANT_WRITE, JSON, 0,                  "v1.tenant.revoke_by_filter")
	V1(GET,    "/tenants/{tenant_id}/audit",               v1_audit_list,         TENANT_READ,    NONE, PAGING | USER,        "v1.tenant.audit")
	V1(GET,    "/tenants/{tenant_id}/session-policy",      v1_policy_get,         TENANT_READ,    NONE, 0,                    "v1.tenant.policy_get")
	V1(PUT,    "/tenants/{tenant_id}/session-policy",      v1_policy_put,         TENANT_WRITE,   JSON, 0,                    "v1.tenant.policy_put")

	V1(POST,   "/sessions",                                ingest_register,       INGEST,         JSON, 0,                    "v1.sessions.register")
	V1(POST,   "/sessions/{session_id}/activity",          ingest_activity,       INGEST,         MAYBE, 0,                   "v1.sessions.activity")
	V1(POST,   "/sessions/introspect",                     oauth_introspect,      INTROSPECT,     OAUTH, 0,                   "v1.sessions.introspect")
	V1(POST,   "/sessions/revoke",                         oauth_revoke,          OPTIONAL,       OAUTH, 0,                   "v1.sessions.revoke")
	V1(POST,   "/backchannel-logout",                      logout_backchannel,    PUBLIC,         OAUTH, 0,                   "v1.backchannel_logout")
	V1(GET,    "/openapi.json",                            openapi_handler,       PUBLIC,         NONE, 0,                    "v1.openapi")

	EDGE(GET,    "/api-sessions",      edge_list,   EDGE_READ,  "edge.list")
	EDGE(GET,    "/api-sessions/{id}", edge_detail, EDGE_READ,  "edge.detail")
	EDGE(DELETE, "/api-sessions/{id}", edge_delete, EDGE_WRITE, "edge.delete")
	EDGE(GET,    "/current-api-session", edge_current,  ME,     "edge.current")
	EDGE(DELETE, "/current-api-session", edge_sign_out, ME,     "edge.sign_out")
	EDGE(GET,    "/version",             edge_version,  PUBLIC, "edge.version")

	{{HTTP_GET, PREFIX_HEALTHZ, ""}, ops_healthz, ACCESS_PUBLIC, BODY_NONE, 0, &dialect_v1, "ops.healthz", false},
	{{HTTP_GET, PREFIX_READYZ, ""},  ops_readyz,  ACCESS_PUBLIC, BODY_NONE, 0, &dialect_v1, "ops.readyz", false},
	{{HTTP_GET, PREFIX_METRICS, ""}, ops_metrics, ACCESS_PUBLIC, BODY_NONE, 0, &dialect_v1, "ops.metrics", false},
	{{HTTP_GET, PREFIX_AUTHORIZE, ""}, authorizer_handler, ACCESS_PUBLIC, BODY_NONE, 0, &dialect_v1, "authorize", true},

	{{HTTP_GET, PREFIX_CONSOLE, ""}, console_page, ACCESS_PUBLIC, BODY_NONE, 0, &dialect_v1, "console.page", false},
	{{HTTP_GET, PREFIX_CONSOLE, "/reference"}, console_api, ACCESS_PUBLIC, BODY_NONE, 0, &dialect_v1, "console.reference", false},
	{{HTTP_GET, PREFIX_CONSOLE, "/{digest}/{file}"}, console_asset, ACCESS_PUBLIC, BODY_NONE, 0, &dialect_v1, "console.asset", false},
	{{HTTP_GET, PREFIX_ROOT, ""}, console_at_root, ACCESS_PUBLIC, BODY_NONE, 0, &dialect_v1, "console.at_root", false},
};
/* clang-format on */

const struct route_table api_routes = {routes, ARRAY_LEN(routes), &dialect_v1};
