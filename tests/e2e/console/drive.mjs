// SPDX-License-Identifier: MIT
// The console as people use it. Each claim makes its own tenant and sessions through the API, so they
// may run against a store that holds others. ONLY=words runs those whose name has them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { AGENTS, call, claim, fresh, isActive, PLATFORM, register, runAll, token, URL_ } from "./world.mjs";

const PAGES_BYTES = 120_000;

// Sessions of one user; the first is the one that the returned token belongs to.
async function person(agents) {
	const tenant = fresh("tnt"), user = fresh("usr");
	const sessions = [];
	for (const user_agent of agents)
		sessions.push(await register({ tenant_id: tenant, user_id: user, user_email: `${user}@example.org`, user_agent }));
	return { tenant, user, sessions, token: token({ sub: user, tenant_id: tenant, sid: sessions[0].id }),
		tokenOf: (n) => token({ sub: user, tenant_id: tenant, sid: sessions[n].id }) };
}

async function many(n, more = {}) {
	const tenant = fresh("tnt"), sessions = [];
	for (let i = 0; i < n; i++)
		sessions.push(await register({ tenant_id: tenant, user_id: i % 2 ? "ben" : "ana", user_email: i % 2 ? "ben@example.org" : "ana@example.org",
			user_agent: i % 3 ? AGENTS.firefox : AGENTS.iphone, ip_address: i % 3 ? "192.0.2.7" : "198.51.100.9", ...more }));
	return { tenant, sessions, admin: token({ sub: "adm", role: "tenant_admin", tenant_id: tenant }) };
}

async function sessionsOf(w, tenant) {
	const page = await w.open(PLATFORM);
	await w.go("sessions");
	await w.filters();
	await page.fill("[name=tenant]", tenant);
	await page.click("text=Show");
	return page;
}

claim("without_a_session__the_page_asks_for_a_token_and_keeps_it_nowhere", async (w) => {
	const me = await person([AGENTS.firefox]);
	const page = await w.open(null);
	assert.equal(await page.textContent("h1"), "Sign in");
	await w.isSound("signin");
	await page.click("text=Sign in >> nth=-1");
	assert.match(await page.textContent(".fault"), /Paste a token first/);
	w.expect(401);
	await page.fill("textarea", "rubbish");
	await page.click("button.primary");
	await page.waitForSelector(".fault >> text=/refused/");
	await w.isSound("signin refused");
	await page.fill("textarea", `Bearer ${me.token}\n`);
	await page.click("button.primary");
	await page.waitForSelector(".cards .card");
	const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie, location.href, history.state]);
	assert.deepEqual(kept, [0, 0, "", `${URL_}/console/`, null]);
	w.expect(401);
	await page.reload();
	await page.waitForSelector("h1 >> text=Sign in");
});

claim("a_token_in_the_address__is_taken_out_of_it", async (w) => {
	const me = await person([AGENTS.firefox]);
	const page = await w.open(me.token);
	await page.waitForSelector(".cards .card");
	assert.ok(!page.url().includes(me.token));
	await page.click("text=Forget token");
	await page.waitForSelector("h1 >> text=Sign in");
	await w.notice(/forgotten/);
});

claim("a_header_that_the_web_server_sets__signs_in", async (w) => {
	const me = await person([AGENTS.firefox, AGENTS.iphone]);
	w.expect(403);
	w.expect(403);
	const page = await w.open(null, "/console/", { header: me.token });
	await w.count("2 sessions");
	assert.equal(await page.textContent(".who"), `${me.user}@example.org`);
	assert.deepEqual(await page.locator("header nav a").allTextContents(), ["Your devices"]);
	assert.equal(await page.locator("text=Forget token").count(), 0);
	const admin = token({ sub: me.user, tenant_id: me.tenant, sid: me.sessions[0].id, role: "tenant_admin" });
	w.expect(403);
	await w.open(null, "/console/#/sessions", { header: admin });
	await w.count("2 sessions");
}, { once: true });

claim("the_cookie_of_an_application__signs_in", async (w) => {
	const me = await person([AGENTS.firefox, AGENTS.iphone, AGENTS.chrome]);
	w.expect(403);
	w.expect(403);
	const page = await w.open(null, "/console/", { cookie: me.sessions[0].token });
	await w.count("3 sessions");
	assert.equal(await page.locator(".card.current h2").textContent(), "Firefox on Windows");
	assert.equal(await page.locator("text=Forget token").count(), 0);
	const other = await w.open(null, "/console/", { cookie: (w.expect(403), w.expect(403), me.sessions[1].token) });
	await other.waitForSelector(".card.current");
	await page.click(".card:has-text('iPhone') button");
	await page.click("dialog .danger");
	await page.waitForSelector("#notice >> text=/has ended/");
	w.expect(401);
	await other.reload();
	await other.waitForSelector("h1 >> text=Sign in");
	await page.click("text=End the other session");
	await page.click("dialog .danger");
	await page.waitForSelector("#notice >> text=/One session has ended/");
	assert.deepEqual(await Promise.all(me.sessions.map((s) => isActive(s.id))), [true, false, false]);
});

claim("the_role_of_a_session__opens_its_pages", async (w) => {
	const { tenant } = await many(3);
	const adm = await register({ tenant_id: tenant, user_id: "adm", role: "tenant_admin" });
	const page = await w.open(null, "/console/#/sessions", { cookie: adm.token });
	await w.count("4 sessions");
	assert.deepEqual(await page.locator("header nav a").allTextContents(), ["Your devices", "Sessions", "Ended", "Overview", "Policy"]);
	await w.open(adm.token);
	await w.go("sessions");
	await w.count("4 sessions");
	// Pasted, a session's token without a role asks for nothing that would be refused.
	const user = await register({ tenant_id: tenant, user_id: "eve" });
	const own = await w.open(user.token);
	await w.count("One session");
	assert.deepEqual(await own.locator("header nav a").allTextContents(), ["Your devices"]);
}, { once: true });

claim("a_page_of_another_origin__ends_nothing_with_the_readers_cookie", async (w) => {
	const me = await person([AGENTS.firefox, AGENTS.iphone]);
	const server = createServer((request, response) => {
		response.setHeader("Content-Type", "text/html");
		response.end(`<!doctype html><link rel="icon" href="data:,"><h1>Win</h1><form method="post" enctype="text/plain"
			action="${URL_}/api/v1/me/sessions/revoke-all"><button>Claim</button></form>`);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const elsewhere = `http://127.0.0.1:${server.address().port}`;
	try {
		w.expect(403);
		w.expect(403);
		const page = await w.open(null, "/console/", { cookie: me.sessions[0].token });
		await w.count("2 sessions");
		w.origins.push(elsewhere);
		await page.goto(`${elsewhere}/`);
		// The browser asks for an icon of the answer, which is no page.
		await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
		w.expect(403);
		const [answer] = await Promise.all([page.waitForResponse(/revoke-all/), page.click("button")]);
		assert.equal(answer.status(), 403);
		assert.match(await answer.request().headerValue("cookie"), /rollcall_session=/);
		assert.deepEqual(await Promise.all(me.sessions.map((s) => isActive(s.id))), [true, true]);
	} finally {
		server.close();
		server.closeAllConnections();
	}
}, { once: true });

claim("a_token_that_was_refused__is_said_at_once", async (w) => {
	w.expect(401);
	const page = await w.open("rubbish");
	await page.waitForSelector(".lead >> text=/refused/");
}, { once: true });

claim("devices__are_cards_and_the_current_one_has_no_button", async (w) => {
	const me = await person([AGENTS.firefox, AGENTS.iphone, AGENTS.chrome]);
	const page = await w.open(me.token);
	await w.count("3 sessions");
	const current = page.locator(".card.current");
	assert.equal(await current.locator("h2").textContent(), "Firefox on Windows");
	assert.match(await current.textContent(), /This device/);
	assert.equal(await current.locator("button").count(), 0);
	assert.equal(await page.locator(".card:not(.current) button").count(), 2);
	assert.match(await page.locator(".card", { hasText: "Safari on iPhone" }).textContent(), /Phone.*192\.0\.2\.7/s);
	assert.deepEqual(await page.locator("header nav a").allTextContents(), ["Your devices"]);
	await w.isSound("devices");
});

claim("a_device_that_is_ended__is_out_at_its_next_request", async (w) => {
	const me = await person([AGENTS.firefox, AGENTS.iphone]);
	const other = await w.open(me.tokenOf(1));
	await other.waitForSelector(".card.current >> text=Safari on iPhone");
	const page = await w.open(me.token);
	await page.click(".card:not(.current) button");
	await page.waitForSelector("dialog >> text=End this session?");
	await w.isSound("devices ask");
	await page.click("dialog .danger");
	await w.notice(/The session on Safari on iPhone has ended/);
	await w.count("One session");
	assert.equal(await isActive(me.sessions[1].id), false);
	w.expect(401);
	await other.click("text=End the other session");
	await other.click("dialog .danger");
	await other.waitForSelector("h1 >> text=Sign in");
	assert.match(await other.textContent(".lead"), /has ended/);
	assert.equal(await isActive(me.sessions[0].id), true);
});

claim("all_other_devices__end_after_a_question_that_says_how_many", async (w) => {
	const me = await person([AGENTS.firefox, AGENTS.iphone, AGENTS.chrome, "curl/8.11.0"]);
	const page = await w.open(me.token);
	await page.click("text=End all 3 others");
	await page.waitForSelector("dialog h2 >> text=End 3 other sessions?");
	await page.keyboard.press("Escape");
	await w.count("4 sessions");
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "End all 3 others …");
	await page.click("text=End all 3 others");
	await page.click("dialog .danger");
	await w.notice(/3 sessions have ended/);
	await w.count("One session");
	assert.deepEqual(await Promise.all(me.sessions.map((s) => isActive(s.id))), [true, false, false, false]);
	assert.equal(await page.locator("text=End all").count(), 0);
});

claim("the_list__has_an_exact_total_and_pages_and_an_address_of_its_own", async (w) => {
	const { tenant, sessions } = await many(31);
	const page = await sessionsOf(w, tenant);
	await w.count("31 sessions");
	assert.equal(await page.locator("tbody tr").count(), 25);
	await w.isSound("sessions");
	// Whatever comes meanwhile, the next page begins behind the last row shown.
	await register({ tenant_id: tenant, user_id: "late", user_email: "late@example.org" });
	await page.click("text=Next");
	await page.waitForSelector("text=26–31 of 32");
	assert.equal(await page.locator("tbody tr").count(), 6);
	assert.match(page.url(), new RegExp(`tenant=${tenant}&page=2$`));
	await page.goBack();
	await page.waitForSelector("text=1–25 of 32");
	await w.filters();
	await page.fill("[name=user]", "ben");
	await page.keyboard.press("Enter");
	await w.count("15 sessions");
	assert.equal(await page.locator("tbody tr").count(), 15);
	await page.fill("[name=user]", "nobody");
	await page.keyboard.press("Enter");
	await w.count("No active session matches. Change or clear the filters.");
	await w.isSound("sessions none");
	assert.equal(sessions.length, 31);
});

claim("address_device_and_query__narrow_the_list_together", async (w) => {
	const { tenant } = await many(9);
	const page = await sessionsOf(w, tenant);
	await w.count("9 sessions");
	await page.fill("[name=address]", "198.51.100.0/24");
	await page.click("text=Show");
	await w.count("3 sessions");
	await page.fill("[name=query]", 'identity = "ana" or identity = "carl"');
	await page.click("text=Show");
	await w.count("2 sessions");
	await page.selectOption("[name=kind]", "desktop");
	await page.click("text=Show");
	await w.count("No active session matches. Change or clear the filters.");
	await page.click("text=Clear");
	await page.waitForFunction(() => Number(document.querySelector(".count").textContent.replace(/\D/g, "")) >= 9);
});

claim("a_query_with_a_fault__shows_it_at_its_column", async (w) => {
	const { tenant } = await many(1);
	const page = await sessionsOf(w, tenant);
	await w.count("One session");
	w.expect(422);
	await page.fill("[name=query]", 'identity = "ana" and nowhere = 3');
	await page.click("text=Show");
	await page.waitForSelector(".fault pre");
	assert.equal(await page.textContent(".fault mark"), "nowhere");
	assert.match(await page.textContent(".fault p"), /Line 1, column 22: unknown field 'nowhere'.*Correct the query/);
	const chosen = await page.evaluate(() => {
		const box = document.activeElement;
		return box.value.slice(box.selectionStart, box.selectionEnd);
	});
	assert.equal(chosen, "nowhere");
	await w.isSound("query fault");
	w.expect(422);
	await page.fill("[name=query]", 'identity = "ana" and identity = "b" or identity = "c"');
	await page.click("text=Show");
	await w.notice(/Write parentheses/);
	await page.fill("[name=query]", 'identity = "ana"');
	await page.click("text=Show");
	await w.count("One session");
});

claim("the_drawer__has_all_of_one_session", async (w) => {
	const { tenant, sessions } = await many(1, { user_display_name: "Ana Ferreira", location: "Lisbon, Portugal" });
	await call("POST", `sessions/${sessions[0].id}/activity`, token({ sub: "svc", platform_token: true, scope: "sessions:write" }),
		{ application_id: "app_mail", application_name: "Mail" });
	const page = await sessionsOf(w, tenant);
	await w.count("One session");
	await page.click("button.link");
	await page.waitForSelector("dialog .all");
	const text = await page.textContent("dialog");
	for (const part of [sessions[0].id, "ana@example.org", "Ana Ferreira", "Lisbon, Portugal", tenant, AGENTS.iphone, "Mail", " UTC"])
		assert.ok(text.includes(part), part);
	await w.isSound("drawer");
	await page.keyboard.press("Escape");
	await page.waitForSelector("dialog", { state: "detached" });
	assert.equal(await page.evaluate(() => document.activeElement.className), "link");
	await page.click("button.link");
	await page.click("dialog >> text=End this session");
	await page.click("dialog .danger");
	await w.notice(/One session has ended/);
	assert.equal(await isActive(sessions[0].id), false);
});

claim("chosen_sessions__end_and_no_others", async (w) => {
	const { tenant, sessions } = await many(8);
	const page = await sessionsOf(w, tenant);
	await w.count("8 sessions");
	for (const row of [0, 2, 5])
		await page.locator("tbody input").nth(row).check();
	await page.click("text=End 3 chosen");
	await page.waitForSelector("dialog h2 >> text=End 3 sessions?");
	await w.isSound("chosen ask");
	await page.click("dialog .danger");
	await w.notice(/3 sessions have ended/);
	await w.count("5 sessions");
	const alive = await Promise.all(sessions.toReversed().map((s) => isActive(s.id)));
	assert.equal(alive.filter((is) => !is).length, 3);
	await page.locator("thead input").check();
	await page.waitForSelector("text=End 5 chosen");
});

claim("all_that_match__end_when_their_number_was_typed", async (w) => {
	const { tenant, sessions } = await many(7);
	const page = await sessionsOf(w, tenant);
	await w.count("7 sessions");
	await w.filters();
	await page.fill("[name=query]", 'identity = "ana"');
	await page.click("text=Show");
	await w.count("4 sessions");
	await page.click("text=End all that match");
	await page.waitForSelector("dialog >> text=4 active sessions match.");
	assert.match(await page.textContent("dialog pre"), new RegExp(`\\(identity = "ana"\\) and tenantId = "${tenant}"`));
	await w.isSound("all");
	const typed = page.getByLabel("Type 4 to confirm");
	assert.equal(await typed.evaluate((e) => e === document.activeElement), true);
	await typed.fill("5");
	await page.keyboard.press("Enter");
	await page.waitForSelector("dialog .fault >> text=/The number is 4/");
	assert.equal(await isActive(sessions[0].id), true);

	// One more signs in while the number is being typed.
	await register({ tenant_id: tenant, user_id: "ana" });
	w.expect(409);
	await typed.fill("4");
	await page.keyboard.press("Enter");
	await page.waitForSelector("dialog .fault >> text=/number has changed.*5 match now. Nothing was ended/");
	assert.equal(await isActive(sessions[0].id), true);
	await w.isSound("all changed");
	await page.getByLabel("Reason").fill("stolen laptop");
	await page.getByLabel("Type 5 to confirm").fill("5");
	await page.click("dialog .danger");
	await w.notice(/5 sessions have ended/);
	await w.count("No active session matches. Change or clear the filters.");
	assert.deepEqual(await Promise.all(sessions.map((s) => isActive(s.id))), sessions.map((_, i) => i % 2 === 1));

	await w.go("ended");
	await w.filters();
	await page.fill("[name=tenant]", tenant);
	await page.click("text=Show");
	await w.count("5 sessions");
	assert.match(await page.textContent("tbody tr"), /ana.*usr_console_root.*Platform, all that match.*stolen laptop/s);
	await w.isSound("ended");
});

claim("long_work__shows_how_far_it_is_and_what_failed", async (w) => {
	const { tenant, sessions } = await many(6);
	const page = await sessionsOf(w, tenant);
	await w.count("6 sessions");
	let asked = 0;
	const gates = [];
	await page.route("**/api/v1/admin/sessions/**", async (route) => {
		if (route.request().method() !== "DELETE")
			return route.continue();
		asked++;
		if (asked === 2)
			return route.fulfill({ status: 503, headers: { "Retry-After": "9" }, body: "" });
		if (asked > 3)
			await new Promise((open) => gates.push(open));
		return route.continue();
	});
	w.expect(503);
	await page.locator("thead input").check();
	await page.click("text=End 6 chosen");
	await page.click("dialog .danger");
	await page.waitForSelector("dialog >> text=Ending 2 of 6");
	assert.equal(await page.locator("dialog progress").evaluate((e) => e.value), 3);
	await page.keyboard.press("Escape");
	await page.waitForSelector("dialog >> text=Ending 2 of 6");
	await w.isSound("chosen progress");
	gates.forEach((open) => open());
	await w.notice(/5 ended. 1 did not: .*Try again in 9 seconds/);
	await w.count("One session");
	assert.equal((await Promise.all(sessions.map((s) => isActive(s.id)))).filter(Boolean).length, 1);
}, { once: true });

claim("the_session_in_use__is_kept_unless_the_reader_says_otherwise", async (w) => {
	const me = await person([AGENTS.firefox, AGENTS.iphone, AGENTS.chrome]);
	const page = await w.open(token({ sub: me.user, tenant_id: me.tenant, sid: me.sessions[0].id, role: "tenant_admin" }));
	await w.go("sessions");
	await w.count("3 sessions");
	await page.click("text=End all that match");
	await page.waitForSelector("dialog >> text=2 active sessions match.");
	assert.match(await page.textContent("dialog .warn"), /all sessions in your scope/);
	await page.getByLabel("Keep the session that I use now").uncheck();
	await page.waitForSelector("dialog >> text=3 active sessions match.");
	await page.getByLabel("Keep the session that I use now").check();
	await page.waitForSelector("dialog >> text=2 active sessions match.");
	await page.getByLabel("Type 2 to confirm").fill("2");
	await page.click("dialog .danger");
	await w.notice(/2 sessions have ended/);
	assert.deepEqual(await Promise.all(me.sessions.map((s) => isActive(s.id))), [true, false, false]);
});

claim("a_tenants_administrator__has_that_tenant_and_no_other", async (w) => {
	const { tenant, admin, sessions } = await many(3);
	await many(2);
	const page = await w.open(admin);
	assert.deepEqual(await page.locator("header nav a").allTextContents(), ["Your devices", "Sessions", "Ended", "Overview", "Policy"]);
	await w.go("sessions");
	await w.count("3 sessions");
	assert.equal(await page.locator("[name=tenant]").count(), 0);
	await w.isSound("tenant sessions");
	await page.locator("tbody input").first().check();
	await page.click("text=End one chosen");
	await page.click("dialog .danger");
	await w.count("2 sessions");
	await w.go("ended");
	await w.count("One session");
	await w.go("overview");
	await page.waitForSelector(".tile");
	assert.match(await page.textContent("h1"), new RegExp(tenant));
	assert.match(await page.textContent(".tiles"), /Active now2Users signed in/);
	assert.match(await page.textContent(".charts"), /Ended by somebody1/);
	assert.equal(await page.locator(".columns li").last().locator(".number").textContent(), "1");
	await w.isSound("overview");
	assert.equal(sessions.length, 3);
});

claim("the_platforms_overview__links_to_tenants", async (w) => {
	const { tenant } = await many(4);
	const page = await w.open(PLATFORM);
	await w.go("overview");
	await page.waitForSelector(`.bars a[aria-label="Numbers of ${tenant}: 4 active"]`);
	await page.waitForSelector("[aria-busy]", { state: "detached" });
	await w.isSound("overview platform");
	await page.click(`.bars a[aria-label^="Numbers of ${tenant}:"]`);
	await page.waitForSelector(`h1 >> text=Numbers of ${tenant}`);
	await page.waitForSelector(".columns");
	assert.match(await page.textContent(".charts"), /Desktop2Phone2/);
});

claim("a_policy__is_saved_after_a_question_and_ends_what_it_forbids", async (w) => {
	const { tenant, admin } = await many(3, { user_id: "usr_many" });
	const page = await w.open(admin);
	await w.go("policy");
	await page.waitForSelector("[name=most]");
	await w.isSound("policy");
	assert.equal(await page.inputValue("[name=idle]"), "");
	await page.fill("[name=idle]", "15");
	await page.fill("[name=most]", "1");
	await page.selectOption("[name=on_limit]", "refuse");
	await page.click("text=Save");
	await page.waitForSelector("dialog");
	await w.isSound("policy question");
	await page.click("dialog .danger");
	await w.notice(/Saved. 2 sessions have ended/);
	const { json } = await call("GET", `tenants/${tenant}/session-policy`, PLATFORM);
	assert.deepEqual([json.data.idle_timeout_seconds, json.data.absolute_timeout_seconds, json.data.max_sessions_per_user, json.data.on_limit],
		[900, null, 1, "refuse"]);
	await page.fill("[name=idle]", "0");
	await page.click("text=Save");
	assert.equal(await page.locator("dialog").count(), 0); // the browser refuses it
});

claim("a_service_token__sees_sessions_and_has_no_devices", async (w) => {
	const page = await (w.expect(403), w.open(token({ sub: "svc_ops", platform_token: true, scope: "admin:read" })));
	await page.waitForSelector("tbody tr");
	assert.deepEqual(await page.locator("header nav a").allTextContents(), ["Sessions", "Ended", "Overview", "Policy"]);
	w.expect(403);
	await page.click("text=End all that match");
	await page.waitForSelector("dialog .fault >> text=/You may not do this/");
}, { once: true });

claim("everything__can_be_done_with_the_keyboard_and_shows_where_one_is", async (w) => {
	const { admin } = await many(3);
	const page = await w.open(admin);
	await w.go("sessions");
	await w.count("3 sessions");
	const skip = page.locator("a").first();
	await skip.focus();
	const seen = [await skip.textContent()];
	for (let i = 0; i < 40; i++) {
		await page.keyboard.press("Tab");
		const at = await page.evaluate(() => {
			const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
			return { what: e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? e.textContent, body: e === document.body,
				ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, on: box.bottom > 0 && box.top < innerHeight };
		});
		if (at.body)
			break;
		seen.push(at.what);
		assert.ok(at.ring, `no ring at ${at.what}`);
		assert.ok(at.on, `out of sight: ${at.what}`);
	}
	for (const want of ["Skip to the content", "Sessions", "User", "Device", "Query", "Show", "Refresh", "End all that match …", "Choose all shown"])
		if (!w.isPhone || !["User", "Device", "Query", "Show"].includes(want))
			assert.ok(seen.includes(want), `Tab does not reach ${want}: ${seen.join(", ")}`);
	await page.locator("tbody input").first().focus();
	await page.keyboard.press("Space");
	await page.getByText("End one chosen").focus();
	await page.keyboard.press("Enter");
	await page.waitForSelector("dialog");
	// A question begins on the answer that does nothing.
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await w.notice(/One session has ended/);
});

claim("times__are_in_the_readers_zone_with_utc_on_hover", async (w) => {
	const me = await person([AGENTS.firefox]);
	const page = await w.open(me.token);
	await page.waitForSelector(".card time");
	const { iso, title, text } = await page.locator(".card time").last().evaluate((e) => ({ iso: e.dateTime, title: e.title, text: e.textContent }));
	assert.equal(title, `${iso.slice(0, 19).replace("T", " ")} UTC`);
	assert.ok(text.includes(new Date(iso).toLocaleTimeString("en-GB", { timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit" })), text);
}, { once: true });

claim("what_strangers_wrote__stays_text", async (w) => {
	const evil = "<img src=x onerror=alert(1)>\"'&amp;";
	const { tenant } = await many(1, { user_agent: evil, user_display_name: evil, user_email: "<b>@example.org" });
	const page = await sessionsOf(w, tenant);
	await w.count("One session");
	await page.click("button.link");
	await page.waitForSelector("dialog .all");
	assert.ok((await page.textContent("dialog")).includes(evil));
	assert.equal(await page.locator("main img, dialog img, main b, dialog b").count(), 0);
	await page.keyboard.press("Escape");
	await w.filters();
	await page.fill("[name=user]", "a\" or identity != \"");
	await page.fill("[name=address]", "192.0.2.0/24");
	await page.click("text=Show");
	await w.count("No active session matches. Change or clear the filters.");
}, { once: true });

claim("a_server_out_of_reach__is_said_with_what_to_do", async (w) => {
	const me = await person([AGENTS.firefox, AGENTS.iphone]);
	const page = await w.open(me.token);
	await w.count("2 sessions");
	await page.route("**/api/v1/**", (route) => route.abort());
	w.expectText("Failed to load resource: net::ERR_FAILED");
	await page.click(".card:not(.current) button");
	await page.click("dialog .danger");
	await w.notice(/cannot be reached. Check your connection, then try again/);
	await page.unroute("**/api/v1/**");
	await page.route("**/api/v1/**", (route) => route.fulfill({ status: 503, headers: { "Retry-After": "7" }, contentType: "text/html", body: "<p>busy" }));
	w.expect(503);
	await page.click(".card:not(.current) button");
	await page.click("dialog .danger");
	await w.notice(/Try again in 7 seconds/);
	await w.isSound("error");
	w.expect(503);
	w.expect(401);
	await page.reload();
	await w.notice(/Try again in 7 seconds/);
	await page.unroute("**/api/v1/**");
	await page.click("#notice button");
	await page.waitForSelector("h1 >> text=Sign in");
}, { once: true });

claim("the_page_at_the_mount__leads_on", async (w) => {
	const page = await w.open(PLATFORM, "/");
	await w.isSound("root");
	for (const link of await page.locator("a").all()) {
		const href = new URL(await link.getAttribute("href"), page.url()).href;
		assert.equal((await fetch(href)).status, 200, href);
	}
	w.expect(401);
	await page.click("text=Console");
	await page.waitForSelector("h1 >> text=Sign in");
});

claim("all_files_together__are_small", async () => {
	const index = await fetch(`${URL_}/console/`);
	const html = await index.text();
	let total = Buffer.byteLength(html);
	const names = new Set([...html.matchAll(/(?:href|src)="([^"]+)"/g)].map((m) => m[1]));
	assert.ok(names.size > 10);
	for (const name of names) {
		const response = await fetch(new URL(name, `${URL_}/console/`));
		assert.equal(response.status, 200, name);
		const bytes = Buffer.from(await response.arrayBuffer());
		total += bytes.length;
		// Every module that is imported is named by the page too, so that nothing loads late.
		for (const [, other] of bytes.toString().matchAll(/^import .* from "\.\/(.*)";$/gm))
			assert.ok([...names].some((n) => n.endsWith(`/${other}`)), other);
	}
	assert.ok(total < PAGES_BYTES, `${total} bytes`);
	console.log(`console: ${total} bytes before compression`);
}, { once: true });

process.exitCode = await runAll() ? 0 : 1;
