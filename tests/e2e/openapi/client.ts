// SPDX-License-Identifier: MIT
// Drives a client that somebody else's generator (@hey-api/openapi-ts) made from the served document:
// register, list, get, check, revoke. That this compiles shows that the types say what is meant.
import {
	adminGetSession, adminListSessions, adminRevokeSession, deleteApiSessions, detailApiSessions,
	introspectToken, listApiSessions, meListSessions, meRevokeAllSessions, recordActivity,
	registerSession, tenantSessionStats,
} from "./client-ts/sdk.gen";
import { client } from "./client-ts/client.gen";

declare const process: { env: Record<string, string>; exitCode: number };

const { ROLLCALL_URL, ROOT_TOKEN, SERVICE_TOKEN, USER_TOKEN, TENANT, USER } = process.env;
let passed = 0, failed = 0;

function expect(what: string, got: unknown, want: unknown) {
	if (JSON.stringify(got) === JSON.stringify(want)) {
		passed++;
	} else {
		failed++;
		console.error(`${what}: wanted ${JSON.stringify(want)}, got ${JSON.stringify(got)}`);
	}
}

// The Edge API takes either of two schemes; the generated client asks for each.
const bearer = (token: string) => ({ auth: (a: { type: string }) => a.type === "http" ? token : undefined });
const ztSession = (token: string) => ({ auth: (a: { type: string }) => a.type === "apiKey" ? token : undefined });

async function main() {
	client.setConfig({ baseUrl: ROLLCALL_URL });
	const root = bearer(ROOT_TOKEN), service = bearer(SERVICE_TOKEN), user = bearer(USER_TOKEN);
	const body = { tenant_id: TENANT, user_id: USER, id: `${USER}-1`, user_agent: "curl/8", tags: { pilot: true } };

	const made = await registerSession({ ...service, body });
	expect("registered", made.response.status, 201);
	const data = made.data?.data;
	if (data === undefined || !("token" in data) || typeof data.token !== "string")
		throw new Error("registering gave no token");
	const token: string = data.token;
	expect("its device", data.device_type, "api");
	const again = await registerSession({ ...service, body });
	expect("registered again", [again.response.status, "token" in (again.data?.data ?? {})], [200, false]);

	const list = await adminListSessions({ ...root, query: { tenant_id: TENANT, per_page: 5 } });
	expect("listed", list.data?.data.map((s) => s.id), [body.id]);
	expect("total", list.data?.pagination.total_items, 1);
	const own = await meListSessions(user);
	expect("own list", own.data?.data.map((s) => s.status), ["active"]);
	const one = await adminGetSession({ ...root, path: { session_id: body.id } });
	expect("got", one.data?.data.user_id, USER);
	const stats = await tenantSessionStats({ ...root, path: { tenant_id: TENANT } });
	expect("stats", stats.data?.data.by_device_type, { api: 1 });

	const active = await introspectToken({ ...service, body: { token } });
	expect("introspected", active.data?.active === true && active.data.sid, body.id);
	const reached = await recordActivity({ ...service, path: { session_id: body.id },
		body: { application_id: "wiki", application_name: "Wiki" } });
	expect("activity", reached.response.status, 204);
	const found = await listApiSessions({ ...root, query: { filter: `tenantId = "${TENANT}"`, limit: 3 } });
	expect("Edge list", found.data?.data.map((s) => [s.id, s.tags]), [[body.id, body.tags]]);
	expect("Edge total", found.data?.meta.pagination?.totalCount, 1);
	const admin = await registerSession({ ...service, body: { ...body, user_id: `${USER}-admin`, id: null, is_admin: true } });
	const adminToken = admin.data?.data && "token" in admin.data.data ? admin.data.data.token : "";
	const detail = await detailApiSessions({ ...ztSession(adminToken), path: { id: body.id } });
	expect("Edge detail by zt-session", [detail.response.status, detail.data?.data.identity.id], [200, USER]);

	const revoked = await adminRevokeSession({ ...root, path: { session_id: body.id } });
	expect("revoked", revoked.response.status, 204);
	const ended = await introspectToken({ ...service, body: { token } });
	expect("introspected when revoked", ended.data, { active: false });
	const gone = await detailApiSessions({ ...root, path: { id: body.id } });
	expect("Edge detail when revoked", gone.error && "error" in gone.error && gone.error.error.code, "NOT_FOUND");
	const twice = await deleteApiSessions({ ...root, path: { id: body.id } });
	expect("Edge delete when revoked", twice.response.status, 404);
	const none = await meRevokeAllSessions(user);
	expect("nothing left", none.data?.data, { revoked_count: 0, session_ids: [] });

	const wrong = await adminListSessions({ ...root, query: { page: 0 } });
	expect("a fault", wrong.error?.detail, [{ loc: ["query", "page"],
		msg: "Input should be greater than or equal to 1", type: "greater_than_equal" }]);
	const nobody = await meListSessions(bearer("x"));
	expect("a bad token", nobody.error?.detail, "Invalid token: session is not active");
	console.log(`openapi: the generated client: ${passed} expectations met, ${failed} not`);
	process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

main().catch((e) => {
	console.error(e);
	process.exitCode = 1;
});
