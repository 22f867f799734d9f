// SPDX-License-Identifier: MIT
// What drive.mjs stands on: claims that pass or fail, sessions made through the API, a browser that
// tells of everything that must not happen.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const URL_ = process.env.URL;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = {
	desktop: { viewport: { width: 1280, height: 800 } },
	phone: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
};
const ONLY = process.env.ONLY;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
const claims = [];

// Runs at both sizes, or once with {once: true}.
export function claim(name, run, { once = false } = {}) {
	claims.push({ name, run, once });
}

export async function runAll() {
	let passed = 0;
	const failed = [];
	for (const { name, run, once } of claims)
		for (const size of once ? ["desktop"] : Object.keys(SIZES)) {
			const title = once ? name : `${name} (${size})`;
			if (ONLY && !title.includes(ONLY))
				continue;
			const world = new World(size);
			try {
				await run(world);
				await world.close();
				passed++;
			} catch (error) {
				failed.push(title);
				console.error(`[  FAILED  ] ${title}\n${error.stack}`);
				await world.abandon(title);
			}
		}
	await browser.close();
	console.log(`${passed} passed, ${failed.length} failed`);
	return failed.length === 0 && passed > 0;
}

export function token(said) {
	return execFileSync(process.env.DEMO, ["token", process.env.KEY, JSON.stringify(said)]).toString().trim();
}

const SERVICE = token({ sub: "svc_login", platform_token: true, scope: "sessions:write" });
export const PLATFORM = token({ sub: "usr_console_root", role: "super_admin" });

export async function call(method, path, bearer, body) {
	const response = await fetch(`${URL_}/api/v1/${path}`, { method, body: body && JSON.stringify(body),
		headers: { Authorization: `Bearer ${bearer}`, ...(body && { "Content-Type": "application/json" }) } });
	const text = await response.text();
	return { status: response.status, json: text ? JSON.parse(text) : null };
}

let made = 0;
export function fresh(stem) {
	made++;
	return `${stem}-${process.pid}-${Date.now().toString(36)}-${made}`;
}

export async function register(session) {
	const { status, json } = await call("POST", "sessions", SERVICE, { ip_address: "192.0.2.7", ...session });
	assert.equal(status, 201, JSON.stringify(json));
	return json.data;
}

export async function isActive(id) {
	const { json } = await call("GET", `admin/sessions/${encodeURIComponent(id)}`, PLATFORM);
	return json.data.status === "active";
}

export const AGENTS = {
	firefox: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0",
	iphone: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Mobile/15E148 Safari/604.1",
	chrome: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
};

class World {
	constructor(size) {
		this.size = size;
		this.isPhone = size === "phone";
		this.contexts = [];
		this.wrong = [];
		this.expected = [];
		this.origins = [new URL(URL_).origin];
	}

	// A browser of its own, on the console with that token, or at the sign-in without one. `header` is
	// a token that the web server in front adds, `cookie` one that an application has set.
	async open(bearer, path = "/console/", { header = null, cookie = null } = {}) {
		const context = await browser.newContext({ ...SIZES[this.size], colorScheme: "light", timezoneId: "Asia/Tokyo", locale: "en-GB" });
		if (header)
			await context.setExtraHTTPHeaders({ Authorization: `Bearer ${header}` });
		if (cookie)
			await context.addCookies([{ name: "rollcall_session", value: cookie, url: URL_, httpOnly: true, sameSite: "Lax" }]);
		const page = await context.newPage();
		this.contexts.push(context);
		page.on("console", (message) => this.note(message));
		page.on("pageerror", (error) => this.wrong.push(`error in the page: ${error.stack}`));
		page.on("dialog", (dialog) => this.wrong.push(`a dialog of the browser: ${dialog.message()}`));
		page.on("request", (request) => {
			if (!this.origins.some((origin) => request.url().startsWith(origin + "/")) && request.url() !== "about:blank")
				this.wrong.push(`a request to ${request.url()}`);
		});
		await page.addInitScript(() => {
			addEventListener("securitypolicyviolation", (e) => console.error(`policy violated: ${e.violatedDirective} ${e.blockedURI}`));
		});
		page.setDefaultTimeout(10_000);
		this.page = page;
		if (!bearer && !header && !cookie)
			this.expect(401);
		await page.goto(URL_ + path + (bearer ? `#token=${bearer}` : ""));
		await page.waitForSelector("h1");
		return page;
	}

	// The browser itself reports every answer above 399. One such answer is meant to come.
	expect(status) {
		this.expected.push(`Failed to load resource: the server responded with a status of ${status} `);
	}

	expectText(text) {
		this.expected.push(text);
	}

	note(message) {
		const at = this.expected.findIndex((text) => message.text().startsWith(text));
		if (at >= 0)
			this.expected.splice(at, 1);
		else
			this.wrong.push(`on the browser's console: ${message.text()} (${message.location().url})`);
	}

	async go(view) {
		await this.page.click(`header nav a[href="#/${view}"]`);
		await this.page.waitForSelector(`nav a[href="#/${view}"][aria-current="page"]`);
	}

	// A narrow screen shows the filters folded.
	async filters() {
		if (this.isPhone && !await this.page.locator(".filterbox").evaluate((box) => box.open))
			await this.page.click(".filterbox > summary");
	}

	async count(text) {
		await this.page.waitForFunction((want) => document.querySelector(".count")?.textContent === want, text);
	}

	async notice(pattern) {
		await this.page.waitForFunction((source) => new RegExp(source).test(document.querySelector("#notice").textContent), pattern.source);
	}

	// No fault that axe-core finds, in light and in dark (whose colours are the same at every size), and
	// nothing to scroll sideways for.
	async isSound(name) {
		const { page } = this;
		if (process.env.SHOTS) {
			await page.waitForTimeout(200);
			await page.screenshot({ path: `${process.env.SHOTS}/${name}-${this.size}.png` });
		}
		const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		assert.ok(over <= 0, `${name}: ${over} pixels too wide`);
		if (!await page.evaluate(() => "axe" in window))
			await page.evaluate(AXE);
		for (const colorScheme of this.isPhone ? ["light"] : ["dark", "light"]) {
			await page.emulateMedia({ colorScheme });
			// The same elements in dark differ by their colours alone.
			const runOnly = colorScheme === "dark" ? { type: "rule", values: ["color-contrast"] } : { type: "tag", values: WCAG };
			const { violations } = await page.evaluate((rules) => axe.run({ runOnly: rules, resultTypes: ["violations"] }), runOnly);
			assert.deepEqual(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target + " " + n.failureSummary).join("; ")}`),
				[], `${name}, ${colorScheme}`);
		}
	}

	async close() {
		for (const context of this.contexts)
			await context.close();
		assert.deepEqual(this.wrong, []);
		assert.deepEqual(this.expected, [], "what should have been on the browser's console and was not");
	}

	async abandon(title) {
		if (this.wrong.length > 0)
			console.error(this.wrong.join("\n"));
		if (process.env.SHOTS && this.page && !this.page.isClosed())
			await this.page.screenshot({ path: `${process.env.SHOTS}/failed ${title.replace(/\//g, " ")}.png` }).catch(() => {});
		for (const context of this.contexts)
			await context.close().catch(() => {});
	}
}
