/* SPDX-License-Identifier: MIT
 * Drives the running stack through the client that test_edge_client.sh has generated from OpenZiti's
 * own API description (./client): lists, pages, filters, reads and deletes. Every answer is also
 * checked against the models of that description by a JSON Schema validator. Compiled strictly, so
 * what it reads of an answer is what the description promises. Exits with 1 at the first failure.
 *
 * From the environment: URL, ROOT and SERVICE (JWTs of an administrator and of a registering
 * service), DESCRIPTION (the file). */
import Ajv from "ajv-draft-04";
import { deleteApiSessions, detailApiSessions, listApiSessions } from "./client";
import type { ApiErrorEnvelope, ApiSessionDetail } from "./client";
import { client } from "./client/client.gen";

declare const process: { env: Record<string, string>; exitCode: number };
declare function require(name: string): any;

const { URL: url, ROOT: root, SERVICE: service, DESCRIPTION: description } = process.env;
const SESSIONS = 25;
const PAGE = 10;

function expect(claim: string, holds: boolean, seen?: unknown): asserts holds {
	if (!holds)
		throw new Error(`${claim}: ${JSON.stringify(seen)}`);
}

/* Where the description does not mean what JSON Schema says.
 * - A tag's value is "type: object" there, and text, bool or null by the words beside it.
 * - A link's "format: uri" is relative in OpenZiti's answers ("./api-sessions/…"), as here. */
function validators() {
	const models = require("js-yaml").load(require("node:fs").readFileSync(description, "utf8"));
	const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
	const ajv = new Ajv({ strict: false, allErrors: true });

	models.definitions.subTags.additionalProperties = { type: ["string", "boolean", "null"] };
	ajv.addFormat("date-time", (text: string) => time.test(text) && !isNaN(Date.parse(text)));
	ajv.addFormat("uri", (text: string) => new URL(text, "https://host/").href !== "");
	ajv.addFormat("int64", { type: "number", validate: Number.isSafeInteger });
	ajv.addSchema({ definitions: models.definitions }, "api");
	return (model: string, answer: unknown) => {
		const valid = ajv.getSchema(`api#/definitions/${model}`);

		expect(`the model ${model} is in the description`, valid !== undefined);
		expect(`an answer is a valid ${model}`, valid(answer) === true, valid.errors);
	};
}

const validate = validators();

/* What the description does not have: sessions begin in the Sessions API. */
async function register(user: string, more: object): Promise<{ id: string; token: string }> {
	const answer = await fetch(`${url}/api/v1/sessions`, {
		method: "POST",
		headers: { Authorization: `Bearer ${service}`, "Content-Type": "application/json" },
		body: JSON.stringify({ tenant_id: `edge-client-${user}`, user_id: user, expires_in: 600, ...more }),
	});
	const body: any = await answer.json();

	expect("a session is registered", answer.status === 201, body);
	return body.data;
}

async function list(query: { limit?: number; offset?: number; filter?: string }) {
	const { data, error, response } = await listApiSessions({ query });

	expect("a list answers 200", response.status === 200 && data !== undefined, error);
	validate("listApiSessionsEnvelope", data);
	expect("a list has pagination", data.meta.pagination !== undefined);
	return { rows: data.data, page: data.meta.pagination, fields: data.meta.filterableFields };
}

function expectError(error: ApiErrorEnvelope | undefined, response: Response, status: number,
	code: string): ApiErrorEnvelope {
	expect(`${code} is ${status}`, response.status === status, error);
	expect("an error has an envelope", error !== undefined);
	validate("apiErrorEnvelope", error);
	expect(`an error has the code ${code}`, error.error.code === code, error);
	return error;
}

async function pages(filter: string): Promise<ApiSessionDetail[]> {
	const rows: ApiSessionDetail[] = [];

	for (let offset = 0;; offset += PAGE) {
		const part = await list({ filter, limit: PAGE, offset });

		expect("the total is that of all pages", part.page.totalCount === SESSIONS, part.page);
		expect("the page is the one asked for",
			part.page.limit === PAGE && part.page.offset === offset, part.page);
		rows.push(...part.rows);
		if (part.rows.length < PAGE)
			return rows;
	}
}

async function checkPaging(filter: string, ids: string[]) {
	const seen = (await pages(filter)).map((row) => row.id);
	const past = await list({ filter, offset: 1000 });
	const all = await list({ filter, limit: -1 });

	expect("every session is seen once", JSON.stringify([...seen].sort()) ===
		JSON.stringify([...ids].sort()), seen);
	expect("a page past the end is empty", past.rows.length === 0, past.page);
	expect("-1 is everything", all.rows.length === SESSIONS, all.page);
	expect("fields for filters are named", all.fields?.includes("createdAt") === true, all.fields);
}

async function checkFilters(filter: string, user: string) {
	const odd = await list({ filter: `${filter} and tags.odd sort by id desc limit 5` });
	const typed = await list({ filter: `${filter} and anyOf(configTypes) = "ssh.v1" limit none` });
	const recent = await list({
		filter: `${filter} and createdAt > datetime(${new Date(Date.now() - 60000).toISOString()})`,
	});
	const bad = await listApiSessions({ query: { filter: `identity = ` } });
	const number = await listApiSessions({ query: { limit: "many" as unknown as number } });

	expect("a filter's own limit counts", odd.rows.length === 5 && odd.page.totalCount === 12, odd.page);
	expect("a filter's own order counts", odd.rows.every((row, i) =>
		i === 0 || row.id < odd.rows[i - 1].id), odd.rows.map((row) => row.id));
	expect("tags come back", odd.rows.every((row) => (row.tags as any)?.odd === true), odd.rows);
	expect("a set is searched", typed.page.totalCount === SESSIONS, typed.page);
	expect("times are compared", recent.page.totalCount === SESSIONS, recent.page);
	expect("the identity is the user", recent.rows.every((row) =>
		row.identityId === user && row.identity.id === user), recent.rows);
	const told = expectError(bad.error, bad.response, 400, "INVALID_FILTER");
	expect("a filter's fault is located",
		/line 1, column 11/.test(told.error.cause?.message ?? ""), told);
	const field = expectError(number.error, number.response, 400, "COULD_NOT_VALIDATE");
	expect("a wrong number is named", field.error.cause?.field === "limit", field);
}

async function checkReading(filter: string, ids: string[]) {
	for (const id of ids.slice(0, 5)) {
		const { data, error, response } = await detailApiSessions({ path: { id } });

		expect("a session is read", response.status === 200 && data !== undefined, error);
		validate("detailApiSessionEnvelope", data);
		expect("it is the one asked for", data.data.id === id, data);
		const { rows } = await list({ filter: `${filter} and id = "${id}"` });
		expect("a list shows the same", JSON.stringify(rows[0]) === JSON.stringify(data.data), rows);
	}
}

async function checkDeleting(filter: string, user: string, id: string) {
	const { data, error, response } = await deleteApiSessions({ path: { id } });

	expect("a session is deleted", response.status === 200 && data !== undefined, error);
	validate("empty", data);
	const gone = await detailApiSessions({ path: { id } });
	const told = expectError(gone.error, gone.response, 404, "NOT_FOUND");
	expect("the id is told", told.error.args?.urlVars?.id === id, told);
	const again = await deleteApiSessions({ path: { id } });
	expectError(again.error, again.response, 404, "NOT_FOUND");
	expect("one is missing", (await list({ filter })).page.totalCount === SESSIONS - 1, id);
	const other = await fetch(`${url}/api/v1/admin/sessions/?user_id=${user}&per_page=1`, {
		headers: { Authorization: `Bearer ${root}` },
	});
	const body: any = await other.json();
	expect("one is missing in the Sessions API",
		body.pagination?.total_items === SESSIONS - 1, body);
}

async function checkStrangers(id: string, token: string) {
	client.setConfig({ auth: undefined });
	const nobody = await listApiSessions();
	expectError(nobody.error, nobody.response, 401, "UNAUTHORIZED");
	client.setConfig({ auth: (kind) => (kind.name === "zt-session" ? token : undefined) });
	const user = await deleteApiSessions({ path: { id } });
	expectError(user.error, user.response, 403, "UNAUTHORIZED");
}

async function main() {
	const run = `${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
	const user = `user-${run}`;
	const filter = `identity = "${user}"`;
	const boss = await register(`boss-${run}`, { is_admin: true });
	const sessions = [];

	for (let i = 0; i < SESSIONS; i++)
		sessions.push(await register(user, { tags: { odd: i % 2 === 1, site: "Utrecht", none: null },
			config_types: ["ssh.v1", "web.v1"], ip_address: "203.0.113.9" }));
	const ids = sessions.map((session) => session.id);

	/* Once with the token of an administrator's session, once with the other security scheme. */
	client.setConfig({ baseUrl: `${url}/edge/management/v1`,
		auth: (kind) => (kind.name === "zt-session" ? boss.token : undefined) });
	await checkPaging(filter, ids);
	await checkFilters(filter, user);
	await checkReading(filter, ids);
	client.setConfig({ auth: (kind) => (kind.scheme === "bearer" ? root : undefined) });
	await checkPaging(filter, ids);
	client.setConfig({ auth: (kind) => (kind.name === "zt-session" ? boss.token : undefined) });
	await checkDeleting(filter, user, ids[0]);
	await checkStrangers(ids[1], sessions[1].token);
}

main().then(
	() => console.log("lists, pages, filters, reads and deletes: as described"),
	(error) => {
		console.error(error);
		process.exitCode = 1;
	},
);
