// SPDX-License-Identifier: MIT
// The pictures of README.md, of the demonstration's data: `make pictures`.
import { claim, runAll, token } from "./world.mjs";

const { PICTURES } = process.env;
const SIZE = { width: 1180, height: 740 };

async function picture(w, bearer, view, ready, name) {
	const page = await w.open(bearer);
	await w.go(view);
	await page.setViewportSize(SIZE);
	await page.waitForSelector(ready);
	await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

claim("pictures", async (w) => {
	await picture(w, token({ sub: "usr_platform", role: "super_admin" }), "sessions", "tbody tr", "sessions");
	await picture(w, token({ sub: "usr_harbour_01", tenant_id: "tnt_harbour", sid: "ses_harbour_0000" }), "devices",
		".card.current", "devices");
}, { once: true });

process.exitCode = await runAll() ? 0 : 1;
