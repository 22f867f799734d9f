// SPDX-License-Identifier: MIT
// Sessions: the list for administrators, its filters and query, one session in a drawer.
//
// Two of the API's calls give this list. What the list call can filter by (user, tenant, partner) has
// pages. Anything else is a filter in the query language, and its dry run gives the number and the
// first rows: just what "end all that match" would end.
import { busy, field, h, heading, newId, say, sayError, sayNothing } from "./dom.js";
import { api } from "./api.js";
import { actions, button, fault, open } from "./dialogs.js";
import { endChosen, endMatching } from "./ending.js";
import { deviceLabel, kind, time, who, wholeTime } from "./format.js";
import { address, filled, filterBox, input, PAGE_SIZES, pager, remember, table, values } from "./lists.js";
import { t, texts } from "./texts.js";

const BY_LIST = { user: "user_id", tenant: "tenant_id", partner: "partner_id" };
const BY_QUERY = ["address", "kind", "since", "query"];
const FIELDS = "id, identity, identity.name, userEmail, tenantId, partnerId, ipAddress, ipNetwork, deviceType, deviceLabel, " +
	"userAgent, location, createdAt, lastActivityAt, authTime, expiresAt, absoluteExpiresAt, mfaComplete, mfaRequired, isAdmin, configTypes";

// A string of the query language.
function quoted(text) {
	const escapes = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\"": "\\\"", "\\": "\\\\" };
	return `"${[...text].map((c) => escapes[c] ?? c).filter((c) => c >= " ").join("")}"`;
}

// The filters as one condition. The query comes first and in parentheses where anything follows, so
// that the column of a fault in it is known.
function compile(filters, exceptId) {
	const parts = [];
	if (filters.user)
		parts.push(`identity = ${quoted(filters.user)}`);
	if (filters.tenant)
		parts.push(`tenantId = ${quoted(filters.tenant)}`);
	if (filters.partner)
		parts.push(`partnerId = ${quoted(filters.partner)}`);
	if (filters.address)
		parts.push(`ipNetwork = ${quoted(filters.address)}`);
	if (filters.kind)
		parts.push(filters.kind === "unknown" ? "deviceType = null" : `deviceType = ${quoted(filters.kind)}`);
	if (filters.since)
		parts.push(`createdAt >= datetime(${new Date(filters.since).toISOString()})`);
	if (exceptId)
		parts.push(`id != ${quoted(exceptId)}`);
	if (filters.query)
		parts.unshift(parts.length > 0 ? `(${filters.query})` : filters.query);
	return parts.length > 0 ? parts.join(" and ") : "true";
}

// Where in the reader's query a fault is, if the server says so.
function faultPlace(error, filters) {
	const found = Array.isArray(error.detail) &&
		error.detail.map((d) => /^line (\d+), column (\d+): (.*)$/s.exec(d.msg)).find(Boolean);
	if (!found || !filters.query)
		return null;
	const line = Number(found[1]);
	const wrapped = compile(filters).startsWith(`(${filters.query})`) ? 1 : 0;
	return { line, column: Number(found[2]) - (line === 1 ? wrapped : 0), why: found[3] };
}

// The query, its fault marked, and the same in words. Columns count code points, from 0.
function showFault(place, query, box) {
	const line = query.split("\n")[place.line - 1] ?? "";
	const points = [...line];
	const at = Math.min(Math.max(place.column, 0), points.length);
	const before = points.slice(0, at).join(""), behind = points.slice(at).join("") || " ";
	const [bad] = /^([A-Za-z_][\w.-]*|"[^"]*"?|[\d.]+|.)/su.exec(behind);
	const rest = behind.slice(bad.length);
	const start = query.split("\n").slice(0, place.line - 1).reduce((n, l) => n + l.length + 1, 0) + before.length;
	box.setAttribute("aria-invalid", "true");
	box.focus();
	box.setSelectionRange(start, start + bad.length);
	return h("div", { className: "fault", role: "alert" },
		h("p", {}, t("queryWrong", { line: place.line, column: place.column + 1, why: place.why })),
		h("pre", { "aria-label": t("queryAt"), role: "img" }, before, h("mark", {}, bad), rest));
}

function filterForm(params, isPlatform, submit, clear) {
	const kinds = h("select", { name: "kind" }, h("option", { value: "" }, t("anyKind")),
		Object.entries(texts.kinds).map(([value, text]) => h("option", { value, selected: params.kind === value }, text)));
	const query = h("textarea", { name: "query", rows: 2, className: "code", placeholder: t("queryHint"), spellcheck: false,
		autocomplete: "off", autocapitalize: "none", value: params.query ?? "", maxLength: 8192 });
	const place = h("div", {});
	const form = h("form", { className: "filters", role: "search", "aria-label": t("filters") },
		h("div", { className: "row" },
			field(t("user"), input("user", params, t("userHint"))),
			isPlatform && field(t("tenant"), input("tenant", params, t("tenantHint"))),
			isPlatform && field(t("partner"), input("partner", params, t("partnerHint"))),
			field(t("address"), input("address", params, t("addressHint"))),
			field(t("device"), kinds),
			field(t("since"), input("since", params, "", { type: "datetime-local" }), null, "wide")),
		h("div", { className: "row query" }, field(t("query"), query),
			h("div", { className: "actions" },
				h("button", { type: "submit", className: "primary" }, t("show")),
				button(t("clear"), () => {
					form.querySelectorAll("input, textarea, select").forEach((e) => (e.value = ""));
					clear();
				}))),
		place,
		h("details", {}, h("summary", {}, t("queryHelp")), h("p", {}, t("queryHelpWhat")),
			h("p", { className: "code" }, t("queryFields", { fields: FIELDS }))));

	query.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && !event.shiftKey) {
			event.preventDefault();
			form.requestSubmit();
		}
	});
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		submit();
	});
	return { form, query, place };
}

// A value of the API that has no words of its own here.
function plain(value) {
	if (typeof value === "boolean")
		return value ? t("yes") : t("no");
	if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value))
		return wholeTime(value);
	return typeof value === "object" ? h("code", {}, JSON.stringify(value)) : String(value);
}

const NAMED = [["id", "sessionId"], ["status", "status"], ["user_display_name", "userName"], ["user_email", "userEmail"],
	["user_id", "userId"], ["tenant_id", "tenant"], ["partner_id", "partner"], ["device_type", "kind"], ["user_agent", "userAgent"],
	["ip_address", "address"], ["location", "place"], ["created_at", "signedIn"], ["last_activity_at", "lastSeen"],
	["expires_at", "expires"], ["revoked_at", "revokedAt"], ["revoked_by", "revokedBy"], ["revoke_reason", "revokeReason"]];
const SHOWN_OTHERWISE = new Set(["sso_apps", "is_current", "device_label", ...NAMED.map(([name]) => name)]);

function allOf(session) {
	const rows = NAMED.filter(([name]) => session[name] !== null && session[name] !== undefined)
		.map(([name, text]) => [t(text), name === "device_type" ? kind(session[name]) : plain(session[name])]);
	for (const [name, value] of Object.entries(session))
		if (!SHOWN_OTHERWISE.has(name) && value !== null)
			rows.push([name.replace(/_/g, " "), plain(value)]);
	return h("dl", { className: "all" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function appsOf(session) {
	const apps = session.sso_apps ?? [];
	return [h("h3", {}, t("appsOf")), apps.length === 0 ? h("p", { className: "quiet" }, t("appsNone"))
		: h("ul", { className: "names" }, apps.map((a) => h("li", {}, a.application_name ?? a.application_id,
			h("span", { className: "sub" }, time(a.accessed_at, true)))))];
}

// All of one session; resolves true when the reader wants it ended.
function openDrawer(scope, row) {
	return open(who(row), async (body, close) => {
		try {
			const { data } = await busy(body, api.one(scope, row.id));
			body.append(
				h("p", { className: "what" }, deviceLabel(data), data.is_current ? h("span", { className: "badge" }, t("current")) : ""),
				allOf(data), ...appsOf(data),
				h("p", { className: "links" },
					h("a", { href: address("sessions", { user: data.user_id, ...(scope.kind === "platform" && { tenant: data.tenant_id }) }),
						onclick: () => close() }, t("showUser")),
					scope.kind === "platform" && h("a", { href: address("sessions", { tenant: data.tenant_id }),
						onclick: () => close() }, t("showTenant"))),
				data.status === "active"
					? actions(button(t("endThis"), () => close(true), "quiet-danger"))
					: "");
		} catch (error) {
			body.append(actions(button(t("close"), () => close())));
			fault(body, error.words ?? String(error));
		}
	}, "drawer");
}

export function renderSessions(view, params, me) {
	const { scope } = me;
	const isPlatform = scope.kind === "platform";
	const state = { page: Number(params.page) || 1, per_page: PAGE_SIZES.includes(Number(params.per_page)) ? Number(params.per_page) : PAGE_SIZES[0] };
	const { form, query, place } = filterForm(params, isPlatform, () => show(1), () => show(1));
	let filters = values(form), turn = 0, chosen = new Map(), rows = [];
	const count = h("p", { className: "count", role: "status", id: newId() });
	const endSome = button("", () => end(endChosen(scope, [...chosen.values()])), "quiet-danger");
	const endAll = button(t("endMatching"), () => end(endMatching(scope, (except) => compile(filters, except),
		compile(filters) === "true", me.currentId)), "quiet-danger");
	const results = h("section", { "aria-labelledby": count.id });

	function show(page, size = state.per_page, cursor = null) {
		filters = values(form);
		Object.assign(state, { page, per_page: size, cursor });
		remember("sessions", { ...filters, page: page > 1 ? page : "", per_page: size === PAGE_SIZES[0] ? "" : size });
		sayNothing();
		return load();
	}

	function choose(session, is) {
		if (is)
			chosen.set(session.id, session);
		else
			chosen.delete(session.id);
		endSome.hidden = chosen.size === 0;
		endSome.replaceChildren(t("endChosen", { n: chosen.size }));
		const all = results.querySelector("thead input");
		if (all) {
			all.checked = chosen.size === rows.length && rows.length > 0;
			all.indeterminate = chosen.size > 0 && !all.checked;
		}
	}

	async function end(dialog) {
		const result = await dialog;
		if (!result)
			return;
		await load();
		if (result.bad)
			sayError(result);
		else
			say(result.words);
	}

	async function openOne(row) {
		if (await openDrawer(scope, row))
			await end(endChosen(scope, [row]));
	}

	function columns() {
		const box = (label, onchange) => h("input", { type: "checkbox", "aria-label": label, onchange });
		const all = box(t("chooseAll"), () => {
			const wanted = all.checked;
			for (const b of results.querySelectorAll("tbody input")) {
				b.checked = wanted;
				b.dispatchEvent(new Event("change"));
			}
		});
		return [
			{ label: "", head: all, headLabel: t("chooseAll"), className: "pick", cell: (s) => {
				const b = box(t("chooseOne", { who: who(s), device: deviceLabel(s) }), () => choose(s, b.checked));
				return b;
			} },
			{ label: t("user"), className: "main", cell: (s) => [
				h("button", { type: "button", className: "link", onclick: () => openOne(s),
					"aria-label": t("details", { who: who(s), device: deviceLabel(s) }) }, who(s)),
				s.user_email ? h("span", { className: "sub" }, s.user_id) : "",
				s.is_current ? h("span", { className: "badge" }, t("current")) : ""] },
			{ label: t("device"), cell: (s) => [deviceLabel(s), h("span", { className: "sub" }, kind(s.device_type))] },
			{ label: t("address"), className: "code", cell: (s) => s.ip_address ?? "–" },
			isPlatform && { label: t("tenant"), className: "code", cell: (s) => s.tenant_id },
			{ label: t("signedIn"), cell: (s) => time(s.created_at) },
			{ label: t("lastSeen"), cell: (s) => time(s.last_activity_at ?? s.created_at, true) },
			{ label: t("expires"), className: "minor", cell: (s) => time(s.expires_at) },
			{ label: t("apps"), className: "number minor", cell: (s) => s.app_count },
		].filter(Boolean);
	}

	async function ask() {
		if (filled(filters, BY_QUERY)) {
			const { data } = await api.byFilter(scope, { filter: compile(filters), dry_run: true });
			return { rows: data.sessions, total: data.matched_count, preview: true };
		}
		const wanted = { page: state.page, per_page: state.per_page, cursor: state.cursor };
		for (const [name, parameter] of Object.entries(BY_LIST))
			wanted[parameter] = filters[name];
		const { data, pagination, cursor } = await api.list(scope, wanted);
		return { rows: data, total: pagination.total_items, cursor };
	}

	async function load() {
		const mine = ++turn;
		let answer;
		place.replaceChildren();
		query.removeAttribute("aria-invalid");
		try {
			answer = await busy(results, ask());
		} catch (error) {
			if (mine !== turn)
				return;
			const at = error.status === 422 && faultPlace(error, filters);
			chosen = new Map();
			results.replaceChildren();
			count.replaceChildren();
			endAll.disabled = true;
			choose({}, false);
			if (at)
				place.replaceChildren(showFault(at, filters.query, query));
			else
				sayError(error, error.status === 422 ? undefined : load);
			return;
		}
		if (mine !== turn)
			return;
		({ rows } = answer);
		chosen = new Map();
		count.replaceChildren(answer.total > 0 ? t("found", { n: answer.total }) : t("foundNone"));
		endAll.disabled = answer.total === 0;
		const parts = rows.length > 0 ? [table(t("tableOf", { total: answer.total }), columns(), rows, openOne)] : [];
		if (answer.preview && answer.total > rows.length)
			parts.unshift(h("p", { className: "hint above" }, t("firstOf", { n: rows.length, total: answer.total })));
		else if (!answer.preview && answer.total > 0)
			parts.push(pager({ ...state, total: answer.total, shown: rows.length, cursor: answer.cursor }, (...where) => {
				show(...where).then(() => count.scrollIntoView({ block: "nearest" }));
			}));
		results.replaceChildren(...parts);
		choose({}, false);
	}

	view.replaceChildren(heading(t("sessions")), h("p", { className: "lead" }, t("sessionsWhat")),
		filterBox(form, Object.keys(filters).length > 0),
		h("div", { className: "toolbar" }, count, button(t("refresh"), () => load()), endSome, endAll), results);
	choose({}, false);
	sayNothing();
	return load();
}
