// SPDX-License-Identifier: MIT
// Your devices: the reader's own sessions as cards.
import { busy, h, heading, say, sayError, sayNothing } from "./dom.js";
import { api } from "./api.js";
import { ask } from "./dialogs.js";
import { deviceLabel, kind, time, timeText } from "./format.js";
import { t } from "./texts.js";

function facts(session) {
	const rows = [
		[t("kind"), kind(session.device_type)],
		[t("address"), session.ip_address ?? t("unknown")],
		session.location && [t("place"), session.location],
		[t("signedIn"), time(session.created_at)],
		[t("lastSeen"), time(session.last_activity_at ?? session.created_at, true)],
		[t("expires"), time(session.expires_at)],
		session.app_count > 0 && [t("reached"), t("applications", { n: session.app_count })],
	].filter(Boolean);
	return h("dl", { className: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function card(session, end) {
	const device = deviceLabel(session);
	const mine = session.is_current;
	return h("li", { className: mine ? "card current" : "card" },
		h("header", {}, h("h2", {}, device), mine
			? h("span", { className: "badge" }, t("thisDevice"))
			: h("button", { type: "button", className: "quiet-danger", onclick: () => end(session, device),
				"aria-label": t("endOneLabel", { device, when: timeText(session.created_at) }) }, t("endOne"))),
		facts(session));
}

export function renderDevices(view) {
	const cards = h("ul", { className: "cards" });
	const bar = h("div", { className: "toolbar" });

	async function endOne(session, device) {
		if (!await ask(t("endOneAsk"), [t("endOneWhat", { device }), facts(session)], t("endOne")))
			return;
		await change(async () => {
			const { data } = await api.endMine(session.id);
			return data.revoked_count > 0 ? t("endedOne", { device }) : t("endedNone");
		});
	}

	async function endOthers(n, hasCurrent) {
		const form = hasCurrent ? "endOthers" : "endEvery";
		if (!await ask(t(`${form}Ask`, { n }), [t(`${form}What`, { n })], t(form, { n }).replace(/ …$/, "")))
			return;
		await change(async () => {
			const { data } = await api.endMyOthers();
			return data.revoked_count > 0 ? t("endedMany", { n: data.revoked_count }) : t("endedNone");
		});
	}

	async function change(work) {
		try {
			const words = await busy(view, work());
			await load();
			say(words);
			document.querySelector("h1").focus();
		} catch (error) {
			sayError(error);
		}
	}

	async function load() {
		let sessions;
		try {
			sessions = (await busy(view, api.mine())).data;
		} catch (error) {
			return sayError(error, load);
		}
		const hasCurrent = sessions.some((s) => s.is_current);
		const others = sessions.filter((s) => !s.is_current).length;
		sessions.sort((a, b) => b.is_current - a.is_current);
		cards.replaceChildren(...sessions.map((s) => card(s, endOne)));
		bar.replaceChildren(
			h("p", { className: "count", role: "status" }, sessions.length > 0 ? t("found", { n: sessions.length }) : t("devicesNone")),
			others > 0 ? h("button", { type: "button", className: "quiet-danger", onclick: () => endOthers(others, hasCurrent) },
				t(hasCurrent ? "endOthers" : "endEvery", { n: others })) : "");
	}

	view.replaceChildren(heading(t("devices")), h("p", { className: "lead" }, t("devicesWhat")), bar, cards);
	sayNothing();
	return load();
}

