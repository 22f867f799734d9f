// SPDX-License-Identifier: MIT
// oauth.mjs URL GATEWAY SERVICE TENANT: two OAuth clients that others wrote ask and revoke as they are, with
// their built-in ways to authenticate. GATEWAY may only introspect, SERVICE registers.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

const [, , url, gateway, service, tenant] = process.argv;
const server = { issuer: url, introspection_endpoint: `${url}/api/v1/sessions/introspect`,
	revocation_endpoint: `${url}/api/v1/sessions/revoke` };
const loopback = { [oauth.allowInsecureRequests]: true };

async function register() {
	const response = await fetch(`${url}/api/v1/sessions`, { method: "POST",
		headers: { Authorization: `Bearer ${service}`, "Content-Type": "application/json" },
		body: JSON.stringify({ tenant_id: tenant, user_id: "ann" }) });
	assert.equal(response.status, 201);
	return (await response.json()).data;
}

async function withOauth4webapi(authentication) {
	const client = { client_id: "gateway" };
	const session = await register();
	const ask = async () => oauth.processIntrospectionResponse(server, client,
		await oauth.introspectionRequest(server, client, authentication, session.token, loopback));
	const before = await ask();
	assert.deepEqual([before.active, before.sid, before.sub, before.tenant_id], [true, session.id, "ann", tenant]);
	// A sign-out page has no secret.
	await oauth.processRevocationResponse(
		await oauth.revocationRequest(server, client, oauth.None(), session.token, loopback));
	assert.deepEqual(await ask(), { active: false });
	await assert.rejects(async () => oauth.processIntrospectionResponse(server, client,
		await oauth.introspectionRequest(server, client, oauth.ClientSecretBasic("wrong"), session.token, loopback)),
		(error) => error instanceof oauth.WWWAuthenticateChallengeError &&
			error.cause.map((c) => c.scheme).join() === "bearer,basic");
}

async function withOpenidClient(authentication) {
	const config = new openid.Configuration(server, "gateway", {}, authentication);
	openid.allowInsecureRequests(config);
	const session = await register();
	assert.equal((await openid.tokenIntrospection(config, session.token)).active, true);
	await openid.tokenRevocation(config, session.token);
	assert.deepEqual(await openid.tokenIntrospection(config, session.token), { active: false });
}

const ways = [
	["oauth4webapi, client_secret_basic", () => withOauth4webapi(oauth.ClientSecretBasic(gateway))],
	["oauth4webapi, client_secret_post", () => withOauth4webapi(oauth.ClientSecretPost(gateway))],
	["openid-client, client_secret_basic", () => withOpenidClient(openid.ClientSecretBasic(gateway))],
	["openid-client, client_secret_post", () => withOpenidClient(openid.ClientSecretPost(gateway))],
];
let failed = 0;
for (const [name, run] of ways)
	try {
		await run();
		console.log(`[       OK ] ${name}`);
	} catch (error) {
		failed++;
		console.log(`[  FAILED  ] ${name}\n${error.stack}`);
	}
console.log(`${ways.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
