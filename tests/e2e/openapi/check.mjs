// SPDX-License-Identifier: MIT
// check.mjs openapi.yaml RECORD: every recorded answer has to be one that the document has, with its
// path, method, status, headers, content type and shape. What no operation answers (an unknown path,
// a known one under another method) has to be what x-rollcall-elsewhere says. An answer without
// X-Request-Id is the web server's own, and fits only where a web server may refuse a request or (5xx)
// a test killed what would have answered. What stands behind the Authorizer is another application's.
// SHOWN=n differences are printed.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Document, escaped, readDocument } from "./document.mjs";

const SHOWN = Number(process.env.SHOWN ?? 10);
// Of HTTP and of web servers; any other header has to be in the document.
const TRANSPORT = new Set(["connection", "content-length", "content-type", "date", "server", "keep-alive",
	"transfer-encoding", "accept-ranges", "upgrade", "vary", "status"]);
// On every answer of ours; this document itself may be kept.
const EVERYWHERE = new Map([["cache-control", /^no-store$/], ["x-content-type-options", /^nosniff$/],
	["vary", /Cookie, ?Authorization/]]);
const KEPT = /\/openapi\.json/;
const REFUSED_BY_WEB_SERVER = new Set([400, 404, 411, 413, 414, 417, 431, 500, 501, 502, 503, 504, 505]);
// Of httpd-conf/*/rollcall-authorizer.conf.
const APPLICATION = /^\/(protected|browser)\//;
// For people, and no API; tests/e2e/test_console_files.c has them.
const PAGES = /^\/(console(\/|$)|$)/;

const api = new Document(readDocument(process.argv[2]));
const elsewhere = api.doc["x-rollcall-elsewhere"];
const seen = new Set();
const differences = [];
let answers = 0, pages = 0, outside = 0, foreign = 0, broken = 0;

function readHead(head) {
	// With 100 Continue there is more than one.
	const last = head.trimEnd().split(/\r?\n\r?\n/).pop();
	const headers = new Map();
	for (const line of last.split(/\r?\n/).slice(1)) {
		const at = line.indexOf(":");
		headers.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
	}
	return headers;
}

// Pointers to the responses that fit: one of an operation, or those for what no operation answers.
function candidates(method, path, status) {
	const row = api.match(path);
	const verb = method === "HEAD" ? "get" : method.toLowerCase();
	if (row?.item[verb] !== undefined) {
		const pointer = `/paths/${escaped(row.path)}/${verb}/responses/${status}`;
		seen.add(`${verb} ${row.path} ${status}`);
		return { where: `${verb} ${row.path}`, pointers: [pointer] };
	}
	outside++;
	const isEdge = path.startsWith(elsewhere.edgePrefix + "/") || path === elsewhere.edgePrefix;
	const pointers = isEdge ? [`/x-rollcall-elsewhere/edge/${status}`] : [];
	// A path with an empty or dot segment, or too long, belongs to neither dialect.
	const odd = /\/\.{0,2}(\/|$)/.test(path.replace(/\?.*$/s, "").replace(/\/$/, "")) || path.length > 4096 ||
		path.split("/").length > 16;
	if (!isEdge || odd)
		pointers.push(`/x-rollcall-elsewhere/api/${status}`);
	return { where: row === undefined ? "unknown path" : "other method", pointers,
		wanted: row === undefined ? 404 : 405 };
}

function headerFaults(pointer, headers) {
	const [response] = api.follow(pointer);
	const faults = [];
	const described = new Map(Object.keys(response.headers ?? {}).map((n) => [n.toLowerCase(), n]));
	for (const [name, key] of described) {
		const [header, at] = api.follow(`${pointer}/headers/${key}`);
		const text = headers.get(name);
		if (text === undefined) {
			if (header.required)
				faults.push(`header ${key} is missing`);
			continue;
		}
		const value = header.schema.type === "integer" ? Number(text) : text;
		faults.push(...api.faults(`${at}/schema`, value).map((f) => `header ${key} "${text}": ${f}`));
	}
	for (const name of headers.keys())
		if (!described.has(name) && !TRANSPORT.has(name) && !EVERYWHERE.has(name))
			faults.push(`header ${name} is not described`);
	return faults;
}

function bodyFaults(pointer, method, headers, body) {
	const [response, at] = api.follow(pointer);
	const type = headers.get("content-type");
	if (response.content === undefined) {
		// Some web servers add a type of their own to an empty 200.
		return body === "" ? [] : ["a body where none is described"];
	}
	if (type === undefined || response.content[type] === undefined)
		return [`content type ${type} is not described`];
	if (method === "HEAD")
		return body === "" ? [] : ["a body after HEAD"];
	let value = body;
	if (type.startsWith("application/json")) {
		try {
			value = JSON.parse(body);
		} catch (e) {
			return [`the body is no JSON: ${e.message}`];
		}
	}
	return api.faults(`${at}/content/${escaped(type)}/schema`, value);
}

function faultsOf(pointer, x, headers) {
	const [response, at] = api.follow(pointer);
	if (response === undefined)
		return ["this status is not described"];
	const everywhere = [...EVERYWHERE].filter(([name, value]) => !value.test(headers.get(name) ?? "") &&
		!(name === "cache-control" && KEPT.test(x.path) && headers.get(name)?.startsWith("public")));
	return [...everywhere.map(([name]) => `header ${name} is ${headers.get(name)}`),
		...headerFaults(at, headers), ...bodyFaults(at, x.method, headers, x.body)];
}

function check(x) {
	const headers = readHead(x.head);
	if (PAGES.test(x.path))
		pages++;
	if (APPLICATION.test(x.path) || PAGES.test(x.path))
		return [];
	answers++;
	if (!headers.has("x-request-id")) {
		foreign++;
		broken += x.status >= 500;
		return REFUSED_BY_WEB_SERVER.has(x.status) ? [] : ["no X-Request-Id: not an answer of ours"];
	}
	const { where, pointers, wanted } = candidates(x.method, x.path, x.status);
	x.where = where;
	if (wanted !== undefined && wanted !== x.status)
		return [`${where}: the status should be ${wanted}`];
	const results = pointers.map((p) => faultsOf(p, x, headers));
	return results.find((r) => r.length === 0) ?? results[0];
}

const lines = createInterface({ input: createReadStream(process.argv[3]), crlfDelay: Infinity });
for await (const line of lines) {
	const x = JSON.parse(line);
	const faults = check(x);
	if (faults.length > 0)
		differences.push({ x, faults });
}

for (const { x, faults } of differences.slice(0, SHOWN)) {
	console.error(`${x.method} ${x.path.slice(0, 200)} -> ${x.status} (${x.where ?? "?"})`);
	for (const fault of faults.slice(0, 6))
		console.error(`    ${fault}`);
	console.error(`    ${x.body.slice(0, 400)}`);
}
if (differences.length > SHOWN)
	console.error(`… and ${differences.length - SHOWN} more`);

let operations = 0, described = 0;
const untouched = [];
for (const [path, item] of Object.entries(api.doc.paths))
	for (const [verb, operation] of Object.entries(item).filter(([, o]) => o.operationId)) {
		const statuses = Object.keys(operation.responses);
		operations++;
		described += statuses.length;
		if (!statuses.some((s) => seen.has(`${verb} ${path} ${s}`)))
			untouched.push(operation.operationId);
	}
const covered = [...seen].length;
console.log(`openapi: ${answers} answers, ${differences.length} not as described; ` +
	`${operations - untouched.length} of ${operations} operations, ${covered} of ${described} of their answers, ` +
	`${outside} outside them, ${foreign} by the web server (${broken} of them 5xx)`);
if (untouched.length > 0 && untouched.length < operations)
	console.log(`openapi: not called: ${untouched.join(" ")}`);
process.exitCode = differences.length > 0 || answers + pages === 0 ? 1 : 0;
