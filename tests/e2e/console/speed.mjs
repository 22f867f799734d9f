// SPDX-License-Identifier: MIT
// How long a reader of the console waits: from a click to the painted rows of a list, in the store that
// `make bench CASES=console` has made. SPEED is the file for the milliseconds of each kind of click,
// TENANT a large tenant. test_console.sh starts this in place of drive.mjs.
import { writeFileSync } from "node:fs";
import { claim, PLATFORM, runAll, token } from "./world.mjs";

const { SPEED, TENANT } = process.env;
const TIMES = 20;
const took = {};

// From the moment that the browser has the click to the frame that shows rows which were not there
// before. Both instants are the browser's own.
async function clickToRows(page, selector) {
	const rows = page.evaluate(() => new Promise((done) => {
		let clicked = null;
		const seen = new Set(document.querySelectorAll("tbody"));
		const observer = new MutationObserver(() => {
			const fresh = document.querySelector("#view tbody");
			if (clicked === null || !fresh || seen.has(fresh) || fresh.rows.length === 0)
				return;
			observer.disconnect();
			requestAnimationFrame(() => setTimeout(() => done(performance.now() - clicked)));
		});
		addEventListener("click", (event) => (clicked = event.timeStamp), { capture: true, once: true });
		observer.observe(document.querySelector("#view"), { childList: true, subtree: true });
	}));
	await page.click(selector);
	return rows;
}

async function measure(name, page, selector, before) {
	took[name] = [];
	for (let i = 0; i < TIMES; i++) {
		await before(i);
		took[name].push(await clickToRows(page, selector));
	}
}

const SESSIONS = 'header nav a[href="#/sessions"]';
const SHOW = ".filters button.primary";

claim("platform", async (w) => {
	const page = await w.open(PLATFORM);
	await measure("all tenants", page, SESSIONS, () => w.go("policy"));
	await measure("one tenant chosen", page, SHOW, async () => {
		await w.go("policy");
		await w.go("sessions");
		await page.waitForSelector("tbody tr");
		await page.fill("[name=tenant]", TENANT);
	});
	await measure("next page", page, ".pager button >> nth=1", () => {});
	await measure("filter that is counted", page, SHOW, () => page.fill("[name=address]", "10.0.0.0/8"));
}, { once: true });

claim("tenant", async (w) => {
	const page = await w.open(token({ sub: "usr_bench_admin", role: "tenant_admin", tenant_id: TENANT }));
	await measure("administrator of a tenant", page, SESSIONS, () => w.go("policy"));
}, { once: true });

process.exitCode = await runAll() ? 0 : 1;
writeFileSync(SPEED, JSON.stringify(took));
