// SPDX-License-Identifier: MIT
// Overview: the statistics of a tenant as small charts. A bar is drawn, its name and number are text
// beside it, so that nobody has to measure a picture.
import { busy, field, h, heading, sayError, sayNothing, svg } from "./dom.js";
import { api } from "./api.js";
import { dayText, duration, kind, time } from "./format.js";
import { address, each, input, remember, values } from "./lists.js";
import { number, t } from "./texts.js";

const NEWEST = 100, TENANTS = 12, WIDTH = 3, DAYS = 7, AUDIT_PAGES = 3;
const DAY_MS = 86_400_000;

function bar(share, tone = "") {
	const picture = svg("svg", { class: `bar ${tone}`, viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" });
	picture.append(svg("rect", { class: "track", width: 100, height: 8 }), svg("rect", { class: "value", width: 100 * share, height: 8 }));
	return picture;
}

// rows: [{name, value, href, label, tone}]
function bars(title, rows, hint) {
	const most = Math.max(1, ...rows.map((r) => r.value));
	return h("figure", { className: "card chart" }, h("figcaption", {}, title),
		h("ul", { className: "bars" }, rows.map((r) => h("li", {},
			r.href ? h("a", { href: r.href, "aria-label": r.label }, r.name) : h("span", {}, r.name),
			bar(r.value / most, r.tone), h("span", { className: "number" }, number(r.value))))),
		hint ? h("p", { className: "hint" }, hint) : null);
}

function tile(name, value) {
	return h("div", { className: "card tile" }, h("dt", {}, name), h("dd", {}, value));
}

function startOfDay(date) {
	return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

// Endings of the last days in the reader's zone, from the newest pages of the audit.
async function endsByDay(scope, tenant) {
	const today = startOfDay(new Date());
	const days = Array.from({ length: DAYS }, (_, i) => ({ start: startOfDay(new Date(today - (DAYS - 1 - i) * DAY_MS + DAY_MS / 2)), n: 0 }));
	let seen = 0, total = Infinity, page = 0, reached = false, cursor = null;
	while (page < AUDIT_PAGES && seen < total && !reached) {
		page++;
		const answer = await api.audit(scope, { page, per_page: 100, cursor,
			tenant_id: scope.kind === "platform" ? tenant : undefined });
		const { data } = answer;
		total = answer.pagination.total_items;
		cursor = answer.cursor;
		seen += data.length;
		for (const entry of data) {
			const at = Date.parse(entry.revoked_at);
			const day = days.findLast((d) => d.start <= at);
			if (day)
				day.n++;
			else
				reached = true;
		}
		if (data.length === 0)
			break;
	}
	return { days, cut: seen < total && !reached ? seen : 0 };
}

function dayChart({ days, cut }) {
	const most = Math.max(1, ...days.map((d) => d.n));
	const columns = days.map((d) => {
		const day = dayText(new Date(d.start + DAY_MS / 2));
		const height = 60 * d.n / most;
		return h("li", {}, h("span", { className: "number" }, number(d.n)),
			svg("svg", { class: "column", viewBox: "0 0 20 60", preserveAspectRatio: "none", "aria-hidden": "true" },
				svg("rect", { class: "value", y: 60 - height, width: 20, height }), svg("rect", { class: "foot", y: 59, width: 20, height: 1 })),
			h("span", { className: "day" }, day));
	});
	return h("figure", { className: "card chart" }, h("figcaption", {}, t("endsByDay")),
		h("ol", { className: "columns" }, columns), cut ? h("p", { className: "hint" }, t("endsCut", { n: cut })) : null);
}

async function tenantsByNumber(scope, show) {
	const { data } = await api.list(scope, { per_page: NEWEST });
	const tenants = [...new Set(data.map((s) => s.tenant_id))].slice(0, TENANTS);
	const rows = [];
	await each(tenants, WIDTH, async (tenant) => {
		const { pagination } = await api.list(scope, { tenant_id: tenant, per_page: 1 });
		const n = pagination.total_items;
		rows.push({ name: tenant, value: n, href: address("overview", { tenant }), label: t("tenantsOf", { tenant, n }) });
		rows.sort((a, b) => b.value - a.value);
		show(bars(t("tenantsBy"), rows, t("tenantsWhat", { n: NEWEST })));
	});
}

function numbers(stats) {
	const devices = Object.entries(stats.by_device_type).map(([type, value]) => ({ name: kind(type), value }))
		.sort((a, b) => b.value - a.value);
	return [
		h("dl", { className: "tiles" },
			tile(t("activeNow"), number(stats.active_sessions)),
			tile(t("usersNow"), number(stats.unique_users)),
			tile(t("soon"), number(stats.expiring_next_24h)),
			tile(t("average"), duration(stats.average_duration_seconds)),
			tile(t("lastSign"), time(stats.last_activity_at, true))),
		bars(t("byDevice"), devices),
		bars(t("lastDay"), [{ name: t("signIns"), value: stats.created_last_24h }, { name: t("ends"), value: stats.revoked_last_24h, tone: "second" },
			{ name: t("soon"), value: stats.expiring_next_24h, tone: "third" }]),
		bars(t("byState"), [{ name: t("active"), value: stats.active_sessions }, { name: t("expired"), value: stats.expired_sessions, tone: "third" },
			{ name: t("revoked"), value: stats.revoked_sessions, tone: "second" }]),
	];
}

export function renderOverview(view, params, { scope }) {
	const isPlatform = scope.kind === "platform";
	const tenant = isPlatform ? params.tenant : scope.tenant;
	const charts = h("div", { className: "charts" });
	const side = h("div", { className: "charts" });
	const form = isPlatform && h("form", { className: "filters", role: "search", "aria-label": t("filters") },
		h("div", { className: "row" }, field(t("tenant"), input("tenant", params, t("tenantHint")), null, "wide"),
			h("div", { className: "actions" }, h("button", { type: "submit", className: "primary" }, t("show")))));

	async function load() {
		sayNothing();
		try {
			if (tenant) {
				const [{ data }, days] = await busy(charts, Promise.all([api.stats(tenant), endsByDay(scope, tenant)]));
				charts.replaceChildren(...numbers(data), dayChart(days));
			}
			if (isPlatform)
				await busy(side, tenantsByNumber(scope, (chart) => side.replaceChildren(chart)));
		} catch (error) {
			sayError(error, load);
		}
	}

	if (form)
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			const wanted = values(form);
			remember("overview", wanted);
			renderOverview(view, wanted, { scope });
		});
	view.replaceChildren(...[heading(tenant ? t("overviewOf", { tenant }) : t("overview")),
		h("p", { className: "lead" }, tenant ? t("overviewWhat") : t("overviewChoose")), form, charts, side].filter(Boolean));
	return load();
}
