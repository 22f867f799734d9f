// SPDX-License-Identifier: MIT
// Instants, devices and numbers as the reader wants them. Times are in the reader's zone and manner,
// with UTC on hover.
import { h } from "./dom.js";
import { t, texts } from "./texts.js";

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const language = texts.lang === navigator.language.slice(0, 2) ? navigator.language : texts.lang;
const thisYear = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const otherYear = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const whole = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
const dayOnly = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric" });
const ago = new Intl.RelativeTimeFormat(texts.lang, { numeric: "auto" });

export function utc(date) {
	return t("utc", { time: date.toISOString().slice(0, 19).replace("T", " ") });
}

function short(date) {
	const form = date.getFullYear() === new Date().getFullYear() ? thisYear : otherYear;
	return form.format(date);
}

function relative(date) {
	const ms = date.getTime() - Date.now(), size = Math.abs(ms);
	if (size < MINUTE)
		return ago.format(0, "minute");
	if (size < HOUR)
		return ago.format(Math.round(ms / MINUTE), "minute");
	return ago.format(Math.round(ms / HOUR), "hour");
}

// "12 minutes ago" within a day when `near`, else day and time.
export function time(iso, near = false) {
	if (!iso)
		return h("span", { className: "quiet" }, "–");
	const date = new Date(iso);
	const text = near && Math.abs(date.getTime() - Date.now()) < DAY ? relative(date) : short(date);
	return h("time", { dateTime: iso, title: utc(date) }, text);
}

export function timeText(iso) {
	return iso ? short(new Date(iso)) : t("unknown");
}

// For details: everything at once, where there is no hover either.
export function wholeTime(iso) {
	const date = new Date(iso);
	return h("span", {}, h("time", { dateTime: iso, title: utc(date) }, whole.format(date)),
		h("span", { className: "sub" }, utc(date)));
}

export function dayText(date) {
	return dayOnly.format(date);
}

export function duration(seconds) {
	if (seconds === null || seconds === undefined)
		return "–";
	const ms = seconds * 1000;
	if (ms >= 2 * DAY)
		return t("days", { n: Math.round(ms / DAY) });
	if (ms >= 2 * HOUR)
		return t("hours", { n: Math.round(ms / HOUR) });
	return t("minutes", { n: Math.round(ms / MINUTE) });
}

export function kind(type) {
	return texts.kinds[type ?? "unknown"] ?? type;
}

// "Firefox on Windows", as the server has it.
export function deviceLabel(session) {
	return session.device_label ?? t("deviceUnknown");
}

export function who(session) {
	return session.user_email ?? session.user_id;
}

