// SPDX-License-Identifier: MIT
// Ending sessions: those that were chosen, or all that match. The list on the page is the preview;
// the number that was seen goes along (if_count), so that what was not seen does not end.
import { field, h, newId } from "./dom.js";
import { api } from "./api.js";
import { actions, ask, button, fault, open } from "./dialogs.js";
import { deviceLabel, timeText, who } from "./format.js";
import { each } from "./lists.js";
import { number, t } from "./texts.js";

const NAMED = 6, WIDTH = 4, REASON_MOST = 255;

function names(sessions) {
	const lines = sessions.slice(0, NAMED).map((s) => h("li", {}, who(s), h("span", { className: "sub" },
		`${deviceLabel(s)}, ${timeText(s.created_at)}`)));
	if (sessions.length > NAMED)
		lines.push(h("li", { className: "quiet" }, `+ ${number(sessions.length - NAMED)}`));
	return h("ul", { className: "names" }, lines);
}

// Resolves with words for the reader, or null when nothing was done.
export async function endChosen(scope, sessions) {
	const n = sessions.length;
	const words = [t("endChosenWhat"), names(sessions)];
	if (sessions.some((s) => s.is_current))
		words.splice(1, 0, h("p", { className: "warn" }, t("endChosenMine")));
	if (!await ask(t("endChosenAsk", { n }), words, t("endChosen", { n }).replace(/ …$/, "")))
		return null;

	let done = 0;
	const failed = [];
	// The own session last: without it the others could not be ended.
	const order = [...sessions].sort((a, b) => a.is_current - b.is_current);
	const work = async (show) => {
		await each(order, WIDTH, async (session) => {
			try {
				await api.end(scope, session.id);
				done++;
			} catch (error) {
				failed.push(error);
			}
			show();
		});
	};
	let running;
	await open(t("endChosenAsk", { n }), (body, close) => {
		body.setAttribute("aria-busy", "true");
		const bar = h("progress", { max: n, value: 0, "aria-label": t("endChosenAsk", { n }) });
		const line = h("p", { role: "status" });
		const show = () => {
			bar.value = done + failed.length;
			line.replaceChildren(t("ending", { done, n }));
		};
		body.append(line, bar);
		show();
		running = work(show);
		running.then(() => close(true));
	});
	await running;
	return failed.length === 0
		? { words: t("endedMany", { n: done }) }
		: { words: t("endedSome", { n: done, failed: failed.length, why: failed[0].words }), bad: true };
}

// compile(exceptId) gives the filter; isAll says that it leaves nothing out. Resolves like endChosen.
export async function endMatching(scope, compile, isAll, currentId) {
	let asked = null;
	await open(t("allAsk"), (body, close) => {
		let count = null;
		const keep = currentId ? h("input", { type: "checkbox", checked: true, id: newId() }) : null;
		const shown = h("p", { className: "big", role: "status" });
		const filter = h("pre", { tabIndex: 0 });
		const reason = h("input", { maxLength: REASON_MOST, autocomplete: "off" });
		const typed = h("input", { inputMode: "numeric", autocomplete: "off" });
		const label = h("span", {});
		const end = button(t("endMatching").replace(/ …$/, ""), submit, "danger");
		const work = h("p", { className: "loading", hidden: true }, h("progress", { "aria-label": t("allWorking") }), t("allWorking"));

		const wish = () => compile(keep?.checked ? currentId : null);
		const setBusy = (is) => {
			work.hidden = !is;
			body.toggleAttribute("aria-busy", is);
			if (is)
				body.setAttribute("aria-busy", "true");
			for (const e of [end, typed, reason, keep])
				if (e)
					e.disabled = is;
		};

		async function look() {
			count = null;
			end.disabled = true;
			filter.replaceChildren(wish());
			shown.replaceChildren(t("allCounting"));
			try {
				const { data } = await api.byFilter(scope, { filter: wish(), dry_run: true });
				count = data.matched_count;
				shown.replaceChildren(count === 0 ? t("allNone") : t("allCount", { n: count }));
				label.replaceChildren(t("allType", { n: number(count) }));
				end.disabled = count === 0;
			} catch (error) {
				shown.replaceChildren();
				fault(body, error.words);
			}
		}

		async function submit() {
			if (count === null || typed.value.replace(/[\s.,’'\u00a0\u202f]/g, "") !== String(count)) {
				typed.setAttribute("aria-invalid", "true");
				typed.focus();
				fault(body, t("allWrong", { n: number(count) }));
				return;
			}
			typed.removeAttribute("aria-invalid");
			fault(body, "");
			setBusy(true);
			asked = api.byFilter(scope, { filter: wish(), if_count: count, reason: reason.value.trim() || undefined });
			try {
				await asked;
				close();
				return;
			} catch (error) {
				asked = null;
				setBusy(false);
				if (error.status !== 409)
					return fault(body, error.words);
			}
			await look();
			typed.value = "";
			typed.focus();
			fault(body, t("allChanged", { n: number(count ?? 0) }));
		}

		const typedField = field("", typed);
		typedField.querySelector("label").replaceChildren(label);
		label.replaceChildren(t("allCounting"));
		typed.setAttribute("autofocus", "");
		body.append(...[
			shown,
			isAll && h("p", { className: "warn" }, t("allScope")),
			keep && h("p", { className: "check" }, keep, h("label", { for: keep.id }, t("allKeep"))),
			h("p", { className: "hint" }, t("allFilter")), filter,
			field(t("allReason"), reason), typedField, work,
			actions(button(t("cancel"), () => close()), end)].filter(Boolean));
		filter.setAttribute("aria-label", t("allFilter"));
		filter.setAttribute("role", "group");
		keep?.addEventListener("change", look);
		typed.addEventListener("keydown", (event) => {
			if (event.key === "Enter")
				submit();
		});
		look();
	});
	// Also when the reader left before the answer.
	if (asked === null)
		return null;
	try {
		const { data } = await asked;
		return { words: data.revoked_count > 0 ? t("endedMany", { n: data.revoked_count }) : t("endedNone") };
	} catch (error) {
		return { words: error.words, bad: true };
	}
}
