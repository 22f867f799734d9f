// SPDX-License-Identifier: MIT
// Dialogs, all of them the browser's own <dialog>: it keeps the focus inside, closes with Escape and
// gives the focus back to what opened it.
import { h, heading, newId } from "./dom.js";
import { t } from "./texts.js";

// Opens a dialog; `fill(body, close)` puts its content there. Resolves with what close was given, or
// undefined when the reader left. While the body is aria-busy the reader is asked to stay. `className` "drawer" stands at the side.
export function open(title, fill, className = "") {
	return new Promise((resolve) => {
		const opener = document.activeElement;
		let result;
		const close = (value) => {
			result = value;
			dialog.close();
		};
		const head = heading(title, 2);
		head.id = newId();
		const body = h("div", { className: "body" });
		const dialog = h("dialog", { className, "aria-labelledby": head.id },
			h("header", {}, head, h("button", { type: "button", className: "icon", "aria-label": t("close"), onclick: () => leave() }, "×")), body);
		const leave = () => {
			if (!body.hasAttribute("aria-busy"))
				close();
		};
		dialog.addEventListener("click", (event) => {
			if (event.target === dialog)
				leave();
		});
		dialog.addEventListener("cancel", (event) => {
			if (body.hasAttribute("aria-busy"))
				event.preventDefault();
		});
		dialog.addEventListener("close", () => {
			dialog.remove();
			if (opener?.isConnected)
				opener.focus();
			else
				document.querySelector("h1")?.focus();
			resolve(result);
		});
		document.body.append(dialog);
		fill(body, close);
		dialog.showModal();
		(body.querySelector("[autofocus]") ?? dialog).focus();
	});
}

export function actions(...buttons) {
	return h("div", { className: "actions" }, buttons);
}

export function button(text, onclick, className = "") {
	return h("button", { type: "button", className, onclick }, text);
}

// Whether the reader agrees. The safe answer has the focus.
export function ask(title, words, action) {
	return open(title, (body, close) => {
		const cancel = button(t("cancel"), () => close());
		cancel.setAttribute("autofocus", "");
		body.append(...words.map((w) => typeof w === "string" ? h("p", {}, w) : w),
			actions(cancel, button(action, () => close(true), "danger")));
	});
}

// An error inside of a dialog, read at once.
export function fault(body, words) {
	let line = body.querySelector(".fault");
	if (!line) {
		line = h("p", { className: "fault", role: "alert" });
		body.querySelector(".actions").before(line);
	}
	line.replaceChildren(words);
}
