// SPDX-License-Identifier: MIT
// What the lists of sessions and of endings share: filters that are part of the address, a table
// that becomes a list of cards on a narrow screen, pages.
import { h } from "./dom.js";
import { t } from "./texts.js";

export const PAGE_SIZES = [25, 50, 100];

// Puts the view's state into the address without leaving the page.
export function remember(view, params) {
	const kept = Object.entries(params).filter(([, v]) => v !== "" && v !== undefined && v !== null);
	const query = new URLSearchParams(kept).toString();
	history.pushState(null, "", `#/${view}${query ? `?${query}` : ""}`);
}

export function address(view, params) {
	return `#/${view}?${new URLSearchParams(params)}`;
}

// A form for filters, which a narrow screen shows folded.
export function filterBox(form, open) {
	const narrow = matchMedia("(max-width: 40rem)");
	const box = h("details", { className: "filterbox", open: open || !narrow.matches }, h("summary", {}, t("filters")), form);
	narrow.addEventListener("change", () => {
		if (!narrow.matches)
			box.open = true;
	});
	return box;
}

// The values of a form's fields by their names, empty ones left out.
export function values(form) {
	return Object.fromEntries([...new FormData(form)].map(([k, v]) => [k, v.trim()]).filter(([, v]) => v !== ""));
}

export function input(name, params, placeholder, more = {}) {
	return h("input", { name, value: params[name] ?? "", placeholder: placeholder ?? "", autocomplete: "off",
		spellcheck: false, autocapitalize: "none", ...more });
}

// columns: [{name, label, cell(row)}]. Roles are said again because a narrow screen shows the rows as
// blocks, and some browsers then forget that they are rows.
export function table(label, columns, rows, onOpen) {
	const head = columns.map((c) => h("th", { role: "columnheader", scope: "col", className: c.className ?? "",
		"data-label": c.headLabel }, c.head ?? c.label));
	const body = rows.map((row) => {
		const cells = columns.map((c) => h("td", { role: "cell", className: c.className ?? "", "data-label": c.label },
			c.cell(row)));
		const line = h("tr", { role: "row" }, cells);
		if (onOpen) {
			line.className = "opens";
			line.addEventListener("click", (event) => {
				if (!event.target.closest("input, button, a, label") && getSelection().isCollapsed)
					onOpen(row);
			});
		}
		return line;
	});
	return h("table", { role: "table", className: "list", "aria-label": label },
		h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
		h("tbody", { role: "rowgroup" }, body));
}

// state: {page, per_page, total, shown, cursor}; go(page, per_page, cursor). With the cursor the next
// page begins behind the last row shown, whatever came or went meanwhile.
export function pager(state, go) {
	const { page, per_page: size, total, shown, cursor } = state;
	const from = (page - 1) * size + 1;
	const sizes = h("select", { onchange: () => go(1, Number(sizes.value)) },
		PAGE_SIZES.map((n) => h("option", { value: n, selected: n === size }, String(n))));
	return h("nav", { className: "pager", "aria-label": t("pages") },
		h("button", { type: "button", disabled: page <= 1, onclick: () => go(page - 1, size) }, t("previous")),
		h("span", {}, shown > 0 ? t("range", { from, to: from + shown - 1, total }) : t("range", { from: 0, to: 0, total })),
		h("button", { type: "button", disabled: page * size >= total, onclick: () => go(page + 1, size, cursor) }, t("next")),
		h("label", {}, t("perPage"), sizes));
}

// Runs `work` over all items, `width` at a time.
export async function each(items, width, work) {
	const queue = [...items.entries()];
	await Promise.all(Array.from({ length: width }, async () => {
		for (let next = queue.shift(); next; next = queue.shift())
			await work(next[1], next[0]);
	}));
}

export function filled(params, names) {
	return names.some((name) => params[name]);
}
