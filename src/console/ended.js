// SPDX-License-Identifier: MIT
// Ended: who ended what, when, why and through which call.
import { busy, field, h, heading, sayError, sayNothing } from "./dom.js";
import { api } from "./api.js";
import { button } from "./dialogs.js";
import { time } from "./format.js";
import { filterBox, input, PAGE_SIZES, pager, remember, table, values } from "./lists.js";
import { t, texts } from "./texts.js";

function how(endpoint) {
	const words = texts.endpoints[endpoint];
	return words ? h("span", { title: endpoint }, words) : h("span", { className: "code" }, endpoint ?? "–");
}

export function renderEnded(view, params, { scope }) {
	const isPlatform = scope.kind === "platform";
	const state = { page: Number(params.page) || 1, per_page: Number(params.per_page) || PAGE_SIZES[0] };
	let turn = 0;
	const form = h("form", { className: "filters", role: "search", "aria-label": t("filters") },
		h("div", { className: "row" },
			field(t("user"), input("user", params, t("userHint"))),
			isPlatform && field(t("tenant"), input("tenant", params, t("tenantHint"))),
			isPlatform && field(t("partner"), input("partner", params, t("partnerHint"))),
			h("div", { className: "actions" }, h("button", { type: "submit", className: "primary" }, t("show")),
				button(t("clear"), () => {
					form.querySelectorAll("input").forEach((e) => (e.value = ""));
					show(1);
				}))));
	const count = h("p", { className: "count", role: "status" });
	const results = h("section", { "aria-label": t("ended") });
	const columns = [
		{ label: t("when"), cell: (e) => time(e.revoked_at) },
		{ label: t("user"), className: "code", cell: (e) => [e.user_id, isPlatform ? h("span", { className: "sub code" }, e.tenant_id) : ""] },
		{ label: t("session"), className: "code", cell: (e) => e.session_id },
		{ label: t("who"), className: "code", cell: (e) => e.revoked_by ?? t("unknown") },
		{ label: t("how"), cell: (e) => [how(e.endpoint), e.request_id ? h("span", { className: "sub code" }, e.request_id) : ""] },
		{ label: t("why"), cell: (e) => e.reason ?? "–" },
	];

	function show(page, size = state.per_page, cursor = null) {
		Object.assign(state, { page, per_page: size, cursor });
		remember("ended", { ...values(form), page: page > 1 ? page : "", per_page: size === PAGE_SIZES[0] ? "" : size });
		return load();
	}

	async function load() {
		const mine = ++turn, filters = values(form);
		sayNothing();
		try {
			const { data, pagination, cursor } = await busy(results, api.audit(scope, { page: state.page,
				per_page: state.per_page, cursor: state.cursor, user_id: filters.user, tenant_id: filters.tenant, partner_id: filters.partner }));
			if (mine !== turn)
				return;
			const total = pagination.total_items;
			count.replaceChildren(total > 0 ? t("found", { n: total }) : t("endedNoneFound"));
			results.replaceChildren(...total > 0 ? [table(t("endedTable", { total }), columns, data),
				pager({ ...state, total, shown: data.length, cursor }, show)] : []);
		} catch (error) {
			if (mine === turn)
				sayError(error, load);
		}
	}

	form.addEventListener("submit", (event) => {
		event.preventDefault();
		show(1);
	});
	view.replaceChildren(heading(t("ended")), h("p", { className: "lead" }, t("endedWhat")),
		filterBox(form, Object.keys(values(form)).length > 0),
		h("div", { className: "toolbar" }, count, button(t("refresh"), () => load())), results);
	return load();
}
