// SPDX-License-Identifier: MIT
// The Sessions API as the console uses it. The token, if one was pasted, is in the variable below and
// nowhere else: no storage, no cookie, no URL. Without one the browser sends the session's cookie, and
// a web server in front may add a header of its own.
import { t } from "./texts.js";

const base = new URL(document.documentElement.dataset.api + "/", document.baseURI);
let token = null;

export function setToken(text) {
	token = text;
}

export function hasToken() {
	return token !== null;
}

// The claims of a pasted JWT, unverified: only to know whom to greet and which tenant to ask about.
export function claims() {
	try {
		const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
		const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
		return JSON.parse(new TextDecoder().decode(bytes));
	} catch {
		return {};
	}
}

export class ApiError extends Error {
	constructor(status, detail, response) {
		super(`${status}`);
		this.status = status;
		this.detail = detail;
		this.request = response?.headers.get("X-Request-Id") ?? "";
		this.retryAfter = Number(response?.headers.get("Retry-After")) || 5;
		this.stale = /insufficient_user_authentication/.test(response?.headers.get("WWW-Authenticate") ?? "");
	}

	get why() {
		if (Array.isArray(this.detail))
			return this.detail.map((d) => d.msg).join("; ");
		return typeof this.detail === "string" ? this.detail : "";
	}

	// What happened and what to do, for the reader.
	get words() {
		const values = { why: this.why, seconds: this.retryAfter, request: this.request, status: this.status };
		switch (this.status) {
		case 0: return t("errorNetwork");
		case 401: return this.stale ? t("errorFresh") : t("errorSignIn");
		case 403: return t("errorForbidden", values);
		case 404: return t("errorMissing");
		case 409: return t("errorConflict", values);
		case 400: case 413: case 415: case 422: return t("errorInvalid", values);
		case 429: case 503: return t("errorBusy", values);
		case 500: return t("errorOurs", values);
		default: return t("errorOther", values);
		}
	}
}

const onSignedOut = [];

export function whenSignedOut(callback) {
	onSignedOut.push(callback);
}

async function call(method, path, query, body) {
	const url = new URL(path, base);
	for (const [name, value] of Object.entries(query ?? {}))
		if (value !== undefined && value !== null && value !== "")
			url.searchParams.set(name, value);
	const headers = { Accept: "application/json" };
	if (token !== null)
		headers.Authorization = `Bearer ${token}`;
	if (body !== undefined)
		headers["Content-Type"] = "application/json";
	let response, answer;
	try {
		response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body),
			credentials: "same-origin", cache: "no-store" });
		answer = response.status === 204 ? null : await response.text();
	} catch {
		throw new ApiError(0);
	}
	try {
		answer = answer ? JSON.parse(answer) : null;
	} catch {
		answer = null; // of a web server in front
	}
	if (!response.ok) {
		const error = new ApiError(response.status, answer?.detail, response);
		if (error.status === 401 && !error.stale)
			onSignedOut.forEach((callback) => callback(error));
		throw error;
	}
	return answer?.pagination ? page(answer, response) : answer;
}

// A list's answer with `cursor`, where its next page begins (Link: <…>; rel="next").
function page(answer, response) {
	const [, next] = /<([^>]*)>\s*;\s*rel="next"/.exec(response.headers.get("Link") ?? "") ?? [];
	return { ...answer, cursor: next ? new URL(next, base).searchParams.get("cursor") : null };
}

const segment = encodeURIComponent;

// Where an administrator's calls go: the platform (tenant null), or one tenant.
function place(scope) {
	return scope.kind === "platform" ? "admin" : `tenants/${segment(scope.tenant)}`;
}

export const api = {
	mine: () => call("GET", "me/sessions"),
	endMine: (id) => call("DELETE", `me/sessions/${segment(id)}`),
	endMyOthers: () => call("POST", "me/sessions/revoke-all", null, {}),
	list: (scope, query) => call("GET", `${place(scope)}/sessions`, query),
	one: (scope, id) => call("GET", `${place(scope)}/sessions/${segment(id)}`),
	end: (scope, id) => call("DELETE", `${place(scope)}/sessions/${segment(id)}`),
	byFilter: (scope, wish) => call("POST", `${place(scope)}/sessions/revoke-by-filter`, null, wish),
	audit: (scope, query) => call("GET", `${place(scope)}/audit`, query),
	policy: (tenant) => call("GET", `tenants/${segment(tenant)}/session-policy`),
	setPolicy: (tenant, policy) => call("PUT", `tenants/${segment(tenant)}/session-policy`, null, policy),
	stats: (tenant) => call("GET", `tenants/${segment(tenant)}/sessions/stats`),
};
