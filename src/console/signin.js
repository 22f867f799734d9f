// SPDX-License-Identifier: MIT
// Signing in with a pasted token, for who comes without a living session.
import { field, h, heading } from "./dom.js";
import { setToken } from "./api.js";
import { t } from "./texts.js";

// `words` say why the reader is here; signedIn() tries again and throws when the token is refused.
export function renderSignIn(view, words, signedIn) {
	const token = h("textarea", { name: "token", rows: 4, autocomplete: "off", spellcheck: false,
		autocapitalize: "none", className: "code" });
	const fault = h("p", { className: "fault", role: "alert" });
	const button = h("button", { type: "submit", className: "primary" }, t("signIn"));
	const form = h("form", { className: "signin card" }, field(t("token"), token, t("tokenWhat")), fault,
		h("div", { className: "actions" }, button));

	const refuse = (text) => {
		fault.replaceChildren(text);
		token.setAttribute("aria-invalid", "true");
		token.focus();
	};
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		const text = token.value.replace(/^\s*Bearer\s+/i, "").replace(/\s+/g, "");
		if (text === "")
			return refuse(t("tokenMissing"));
		button.disabled = true;
		setToken(text);
		try {
			await signedIn();
		} catch (error) {
			setToken(null);
			refuse(error.status === 401 ? t("signInRefused", { why: error.why }) : error.words ?? String(error));
		} finally {
			button.disabled = false;
		}
	});
	view.replaceChildren(heading(t("signIn")), h("p", { className: "lead" }, words), form);
}
