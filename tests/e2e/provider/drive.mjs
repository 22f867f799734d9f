// SPDX-License-Identifier: MIT
// An OpenID provider that others wrote (oidc-provider), and an application between it and Rollcall: a
// person signs in at the provider, the application registers the session with the provider's `sid`,
// the person signs out at the provider, and Rollcall refuses the session's next request.
// Called by check_provider.sh, which has started the stack.
//   node drive.mjs PORT    the provider's, which the stack's settings name
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Provider } from "oidc-provider";

const { ADMIN, DEMO, KEY, CONFIG, JWKS, ROLLCALL_URL } = process.env;
const PORT = Number(process.argv[2]);
const ISSUER = `http://127.0.0.1:${PORT}`;
const CALLBACK = "https://shop.example.org/callback";
const SECRET = "a secret between the shop and its provider";
const API = `${ROLLCALL_URL}/api/v1`;
const events = [];

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider(ISSUER, {
	clients: [{ client_id: "shop", client_secret: SECRET, redirect_uris: [CALLBACK],
		backchannel_logout_uri: `${API}/backchannel-logout`, backchannel_logout_session_required: true }],
	jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "provider-1" }] },
	cookies: { keys: [randomBytes(16).toString("hex")] },
	features: { backchannelLogout: { enabled: true } },
	// Its dispatcher refuses addresses of this host, where the stack is.
	fetch: (url, { dispatcher, ...options }) => fetch(url, options),
});
provider.on("backchannel.success", () => events.push("success"));
provider.on("backchannel.error", (_, error) => events.push(`error: ${error.message}`));
provider.on("server_error", (_, error) => console.error(error));
const server = provider.listen(PORT, "127.0.0.1");

// A browser as far as the provider needs one: cookies, no redirection without being told.
class Browser {
	cookies = new Map();

	async ask(url, form) {
		const answer = await fetch(new URL(url, ISSUER), { redirect: "manual", method: form ? "POST" : "GET",
			body: form && new URLSearchParams(form),
			headers: { Cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") } });
		for (const line of answer.headers.getSetCookie()) {
			const [name, value] = line.split(";")[0].split(/=(.*)/s);
			this.cookies.set(name, value);
		}
		return answer;
	}

	// Follows the provider until it sends the browser back to the application.
	async follow(url) {
		for (let i = 0; i < 10; i++) {
			const answer = await this.ask(url);
			if (answer.status === 200)
				return answer;
			url = answer.headers.get("location");
			assert.ok(url, `status ${answer.status}: ${await answer.text()}`);
			if (url.startsWith(CALLBACK))
				return new URL(url);
		}
		assert.fail("redirections without end");
	}

	async signIn(login) {
		const verifier = randomBytes(32).toString("base64url");
		let place = await this.follow("/auth?" + new URLSearchParams({ client_id: "shop", response_type: "code",
			scope: "openid", redirect_uri: CALLBACK, code_challenge_method: "S256",
			code_challenge: createHash("sha256").update(verifier).digest("base64url") }));
		for (const form of [{ prompt: "login", login, password: "any" }, { prompt: "consent" }]) {
			assert.match(place.url, /\/interaction\//);
			const answer = await this.ask(place.url, form);
			place = await this.follow(answer.headers.get("location"));
		}
		const answer = await fetch(`${ISSUER}/token`, { method: "POST",
			headers: { Authorization: "Basic " + btoa(`shop:${encodeURIComponent(SECRET)}`) },
			body: new URLSearchParams({ grant_type: "authorization_code", code: place.searchParams.get("code"),
				redirect_uri: CALLBACK, code_verifier: verifier }) });
		const text = await answer.text();
		assert.equal(answer.status, 200, text);
		this.idToken = JSON.parse(text).id_token;
		return JSON.parse(Buffer.from(this.idToken.split(".")[1], "base64url"));
	}

	async signOut() {
		const page = await (await this.ask("/session/end?" + new URLSearchParams({ id_token_hint: this.idToken }))).text();
		const [, xsrf] = page.match(/name="xsrf" value="([^"]+)"/);
		const answer = await this.ask("/session/end/confirm", { xsrf, logout: "yes" });
		assert.ok(answer.status < 400, await answer.text());
	}
}

function token(claims) {
	return execFileSync(DEMO, ["token", KEY, JSON.stringify(claims)]).toString().trim();
}

async function call(method, path, bearer, body) {
	const answer = await fetch(API + path, { method, body: body && JSON.stringify(body),
		headers: { Authorization: `Bearer ${bearer}`, ...(body && { "Content-Type": "application/json" }) } });
	const text = await answer.text();
	return { status: answer.status, json: text ? JSON.parse(text) : null };
}

const SERVICE = token({ sub: "shop", platform_token: true, scope: "sessions:write" });
const ROOT = token({ sub: "root", role: "super_admin" });

// What the application does after a sign-in.
async function register(claims) {
	const { status, json } = await call("POST", "/sessions", SERVICE, { tenant_id: "tnt_provider", user_id: claims.sub,
		idp_issuer: claims.iss, idp_session_id: claims.sid });
	assert.equal(status, 201, JSON.stringify(json));
	return json.data;
}

async function statusOf(session) {
	return (await call("GET", "/me/sessions", session.token)).status;
}

let passed = 0;
const failed = [];
async function claim(name, run) {
	try {
		await run();
		passed++;
	} catch (error) {
		failed.push(name);
		console.error(`[  FAILED  ] ${name}\n${error.stack}`);
	}
}

// rollcall-admin fetches from this very process, so it must not be waited for synchronously.
async function fetchKeys() {
	const { promisify } = await import("node:util");
	const { execFile } = await import("node:child_process");
	return (await promisify(execFile)(ADMIN, ["--config", CONFIG, "jwks", "--issuer", ISSUER])).stdout;
}

await claim("keys of the provider are fetched by its issuer", async () => {
	assert.match(await fetchKeys(), /: 1 key of http:.*\/jwks, beside your own\n$/);
	const kids = JSON.parse(readFileSync(JWKS)).keys.map((key) => key.kid);
	assert.ok(kids.includes("provider-1"), kids);
	assert.match(await fetchKeys(), /: 1 key, as before\n$/);
});

// Workers look at the file of keys once a second, and nothing that they answer tells that they have.
await new Promise((done) => setTimeout(done, 2500));

const here = new Browser(), elsewhere = new Browser();
const [mine, other] = [await here.signIn("ada"), await elsewhere.signIn("ada")];
const [session, otherSession] = [await register(mine), await register(other)];

await claim("two sign-ins are two sessions of the provider", () => {
	assert.ok(mine.sid && other.sid && mine.sid !== other.sid);
	assert.equal(mine.sub, other.sub);
	assert.equal(mine.iss, ISSUER);
});

await claim("both sessions are let in", async () => {
	assert.deepEqual([await statusOf(session), await statusOf(otherSession)], [200, 200]);
});

await claim("who signs out at the provider is refused here at the next request", async () => {
	await here.signOut();
	assert.deepEqual(events, ["success"]);
	assert.deepEqual([await statusOf(session), await statusOf(otherSession)], [401, 200]);
});

await claim("the audit says that the provider did it", async () => {
	const { json } = await call("GET", `/admin/audit?user_id=${encodeURIComponent(mine.sub)}`, ROOT);
	assert.equal(json.data.length, 1);
	const [row] = json.data;
	assert.equal(row.session_id, session.id);
	assert.equal(row.revoked_by, ISSUER);
	assert.equal(row.revoked_by_kind, "identity provider");
	assert.equal(row.endpoint, "v1.backchannel_logout");
	assert.match(row.reason, /^logout token .+/);
});

await claim("the other sign-in ends with its own sign-out", async () => {
	await elsewhere.signOut();
	assert.deepEqual(events, ["success", "success"]);
	assert.equal(await statusOf(otherSession), 401);
});

server.close();
server.closeAllConnections();
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
