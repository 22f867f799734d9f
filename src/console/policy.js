// SPDX-License-Identifier: MIT
// Policy: the rules of a tenant for the length and the number of its sessions. Times are in minutes
// here and in seconds in the API; an empty field is no rule.
import { busy, field, h, heading, say, sayError, sayNothing } from "./dom.js";
import { api } from "./api.js";
import { ask } from "./dialogs.js";
import { input, remember, values } from "./lists.js";
import { t } from "./texts.js";

const MINUTE = 60;

function inEffect(own, effective, text) {
	if (effective === null || effective === own)
		return t("policyNone");
	return t("policyStricter", { value: text(effective) });
}

const minutes = (seconds) => t("minutes", { n: seconds / MINUTE });
const plain = (n) => String(n);

// `unit`: of the field, in the API's numbers.
function numberField(name, label, own, effective, unit, text, more) {
	return field(label, h("input", { name, type: "number", inputMode: "decimal", value: own === null ? "" : own / unit, ...more }),
		inEffect(own, effective, text));
}

function formOf(data, save) {
	const times = { min: "1", step: "any" };
	const choice = h("select", { name: "on_limit" }, ["end_oldest", "refuse"].map((value) =>
		h("option", { value, selected: data.on_limit === value }, t(value))));
	const form = h("form", { className: "filters", "aria-label": t("policy") },
		h("div", { className: "row" },
			numberField("idle", t("policyIdle"), data.idle_timeout_seconds, data.effective.idle_timeout_seconds, MINUTE, minutes, times),
			numberField("absolute", t("policyAbsolute"), data.absolute_timeout_seconds, data.effective.absolute_timeout_seconds, MINUTE, minutes, times),
			numberField("most", t("policyMost"), data.max_sessions_per_user, data.effective.max_sessions_per_user, 1, plain, { min: "1", step: "1" }),
			field(t("policyLimit"), choice, t("policyLimitWhat")),
			h("div", { className: "actions" }, h("button", { type: "submit", className: "primary" }, t("save")))));
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		save(values(form));
	});
	return form;
}

function bodyOf({ idle, absolute, most, on_limit }) {
	const seconds = (text) => text === undefined ? null : Math.round(Number(text) * MINUTE);
	return {
		idle_timeout_seconds: seconds(idle),
		absolute_timeout_seconds: seconds(absolute),
		max_sessions_per_user: most === undefined ? null : Number(most),
		on_limit,
	};
}

export function renderPolicy(view, params, { scope }) {
	const isPlatform = scope.kind === "platform";
	const tenant = isPlatform ? params.tenant : scope.tenant;
	const place = h("section", { "aria-label": t("policy") });
	const chooser = isPlatform && h("form", { className: "filters", role: "search", "aria-label": t("filters") },
		h("div", { className: "row" }, field(t("tenant"), input("tenant", params, t("tenantHint")), null, "wide"),
			h("div", { className: "actions" }, h("button", { type: "submit" }, t("show")))));

	async function save(wanted) {
		if (!await ask(t("policySave"), [t("policySaveWhat")], t("save")))
			return;
		try {
			const { data } = await busy(place, api.setPolicy(tenant, bodyOf(wanted)), t("policySaving"));
			place.replaceChildren(formOf(data, save));
			say(t("policySaved", { n: data.revoked_count }));
		} catch (error) {
			sayError(error);
		}
	}

	async function load() {
		sayNothing();
		if (!tenant)
			return;
		try {
			const { data } = await busy(place, api.policy(tenant));
			place.replaceChildren(formOf(data, save));
		} catch (error) {
			sayError(error, load);
		}
	}

	if (chooser)
		chooser.addEventListener("submit", (event) => {
			event.preventDefault();
			const wanted = values(chooser);
			remember("policy", wanted);
			renderPolicy(view, wanted, { scope });
		});
	view.replaceChildren(...[heading(tenant ? t("policyOf", { tenant }) : t("policy")),
		h("p", { className: "lead" }, tenant ? t("policyWhat") : t("policyChoose")), chooser, place].filter(Boolean));
	return load();
}
