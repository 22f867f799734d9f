// SPDX-License-Identifier: MIT
// Making elements, and telling the reader what happened. Nothing here or elsewhere parses a text as
// HTML: what a session holds was written by strangers.
import { t } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

// Properties (className, onclick, disabled) are set as such, names with a dash and `role` as
// attributes. Children that are null or false are left out.
export function h(tag, properties = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (value === undefined || value === null)
			continue;
		if (name.includes("-") || name === "role" || name === "for")
			element.setAttribute(name, value);
		else
			element[name] = value;
	}
	element.append(...children.flat().filter((c) => c !== null && c !== false && c !== undefined));
	return element;
}

export function svg(tag, attributes = {}, ...children) {
	const element = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	element.append(...children);
	return element;
}

let unique = 0;
export function newId() {
	unique++;
	return `id-${unique}`;
}

// A label with its field; `hint` stands below and is read with it.
export function field(label, input, hint, className = "") {
	input.id ||= newId();
	const below = hint && h("p", { className: "hint", id: newId() }, hint);
	if (below)
		input.setAttribute("aria-describedby", below.id);
	return h("div", { className: `field ${className}` }, h("label", { for: input.id }, label), input, below);
}

export function heading(text, level = 1) {
	return h(`h${level}`, level === 1 ? { tabIndex: -1 } : {}, text);
}

// The line below the heading that says what just happened. It is part of the page from the start,
// for only then do screen readers read what is put into it.
const live = h("div", { className: "notice", role: "status", id: "notice" });

export function noticeElement() {
	return live;
}

export function say(text) {
	live.className = "notice";
	live.replaceChildren(text);
}

// An error stays until something else happens, and is read at once. `again` is what Try again does.
export function sayError(error, again) {
	live.className = "notice bad";
	live.replaceChildren(
		h("span", { role: "alert" }, error.words ?? String(error)),
		again ? h("button", { type: "button", onclick: again }, t("retry")) : "");
}

export function sayNothing() {
	live.className = "notice";
	live.replaceChildren();
}

// Shows that `work` is under way, from the first moment that a reader could wonder.
export async function busy(place, work, words = t("loading")) {
	const sign = h("p", { className: "loading" }, h("progress", { "aria-label": words }), words);
	const timer = setTimeout(() => place.prepend(sign), 150);
	place.setAttribute("aria-busy", "true");
	try {
		return await work;
	} finally {
		clearTimeout(timer);
		sign.remove();
		place.removeAttribute("aria-busy");
	}
}
