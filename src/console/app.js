// SPDX-License-Identifier: MIT
// The console: finds out who is there, shows the pages that the API opens to them, and goes from one
// to another. What somebody may is never decided here: a page is there when the API answered.
import { h, heading, noticeElement, say, sayError, sayNothing } from "./dom.js";
import { api, claims, hasToken, setToken, whenSignedOut } from "./api.js";
import { renderDevices } from "./devices.js";
import { renderEnded } from "./ended.js";
import { renderOverview } from "./overview.js";
import { renderPolicy } from "./policy.js";
import { renderSessions } from "./sessions.js";
import { renderSignIn } from "./signin.js";
import { t } from "./texts.js";

const VIEWS = {
	devices: { render: renderDevices, for: (me) => me.hasDevices },
	sessions: { render: renderSessions, for: (me) => me.scope },
	ended: { render: renderEnded, for: (me) => me.scope },
	overview: { render: renderOverview, for: (me) => me.scope },
	policy: { render: renderPolicy, for: (me) => me.scope },
};

const view = h("div", { id: "view" });
const nav = h("nav", { "aria-label": t("mainNavigation") });
const account = h("div", { className: "account" });
let me = null;

// null when the API refuses just that; other errors are the caller's.
async function unlessForbidden(promise) {
	try {
		return await promise;
	} catch (error) {
		if (error.status === 403 || error.status === 404)
			return null;
		throw error;
	}
}

// Whose sessions the reader may see: the platform's, one tenant's, or none. A role that the API or the
// token names only spares questions that are sure to be refused.
async function findScope(role, tenant) {
	if (role === null)
		return null;
	if (role !== "tenant_admin" && await unlessForbidden(api.list({ kind: "platform" }, { per_page: 1 })))
		return { kind: "platform" };
	const scope = { kind: "tenant", tenant };
	return tenant && await unlessForbidden(api.list(scope, { per_page: 1 })) ? scope : null;
}

async function discover() {
	const mine = (await unlessForbidden(api.mine()))?.data;
	const current = mine?.find((s) => s.is_current);
	const said = hasToken() ? claims() : {};
	const first = current ?? mine?.[0];
	let role = current?.role;
	if (said.sub)
		role = said.role ?? (said.scope ? "service" : null);
	else if (role === null && !hasToken())
		role = undefined; // a web server in front may have sent a token that has one
	return {
		hasDevices: Boolean(mine),
		currentId: current?.id ?? null,
		who: first?.user_email ?? said.sub ?? first?.user_id ?? t("tokenNamed"),
		scope: await findScope(role, said.tenant_id ?? first?.tenant_id),
	};
}

function place() {
	const [, name, query] = /^#\/([a-z]*)(?:\?(.*))?$/.exec(location.hash) ?? [];
	return { name, params: Object.fromEntries(new URLSearchParams(query ?? "")) };
}

function showNavigation(current) {
	const open = Object.keys(VIEWS).filter((name) => me && VIEWS[name].for(me));
	nav.hidden = open.length === 0;
	nav.replaceChildren(...open.map((name) => h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, t(name))));
	account.replaceChildren(...me ? [h("span", { className: "who", title: t("signedInAs", { who: me.who }) }, me.who),
		hasToken() ? h("button", { type: "button", onclick: forget }, t("forget")) : ""] : []);
}

function showPlace(moved) {
	if (!me)
		return;
	let { name, params } = place();
	if (!VIEWS[name]?.for(me))
		name = VIEWS.sessions.for(me) && !VIEWS.devices.for(me) ? "sessions" : "devices";
	showNavigation(name);
	document.title = `${t(name)} – ${t("title")}`;
	VIEWS[name].render(view, params, me);
	if (moved) {
		view.querySelector("h1").focus();
		scrollTo(0, 0);
	}
}

async function signedIn() {
	me = await discover();
	showPlace(true);
}

function signInAgain(words) {
	me = null;
	document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
	showNavigation();
	document.title = `${t("signIn")} – ${t("title")}`;
	renderSignIn(view, words, signedIn);
}

function forget() {
	setToken(null);
	signInAgain(t("signInWhat"));
	say(t("forgotten"));
	view.querySelector("h1").focus();
}

// A token in the address after "#", which the browser sends to nobody: taken, and removed from there.
function takeTokenFromAddress() {
	const found = /^#token=(.+)$/.exec(location.hash);
	if (!found)
		return;
	setToken(decodeURIComponent(found[1]));
	history.replaceState(null, "", `${location.pathname}#/`);
}

function start() {
	takeTokenFromAddress();
	document.body.append(
		h("a", { className: "skip", href: "#view", onclick: (event) => {
			event.preventDefault();
			view.querySelector("h1")?.focus();
		} }, t("skip")),
		h("header", { className: "top" }, h("a", { className: "brand", href: "#/" }, "Rollcall"), nav, account),
		h("main", { className: "page" }, noticeElement(), view));
	showNavigation();
	whenSignedOut(() => {
		if (me) {
			setToken(null);
			signInAgain(t("signInEnded"));
			view.querySelector("h1").focus();
		}
	});
	addEventListener("hashchange", () => showPlace(true));
	begin();
}

async function begin() {
	sayNothing();
	view.replaceChildren(h("p", { className: "loading" }, h("progress", { "aria-label": t("loading") }), t("loading")));
	try {
		me = await discover();
	} catch (error) {
		if (error.status === 401) {
			const words = hasToken() ? t("signInRefused", { why: error.why }) : t("signInWhat");
			setToken(null);
			return signInAgain(words);
		}
		view.replaceChildren(heading(t("title")));
		return sayError(error, begin);
	}
	showPlace(false);
}

start();
