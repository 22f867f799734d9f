// SPDX-License-Identifier: MIT
// lint.mjs openapi.yaml [served.json MOUNT]: two linters' rules hold without a warning; every body,
// asked or answered, has an example that fits its schema; and the document that the program serves
// is this one, with MOUNT as its server. (redocly's engine as a library: its command line needs a
// newer Node than Debian 12 has.)
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { createConfig, formatProblems, getTotals, lint } from "@redocly/openapi-core";
import spectral from "@stoplight/spectral-core";
import rulesets from "@stoplight/spectral-rulesets";
import { Document, escaped, readDocument } from "./document.mjs";

const [, , file, served, mount] = process.argv;
const config = await createConfig({
	extends: ["recommended-strict"],
	rules: {
		// The documented path of the list ends with a slash.
		"no-path-trailing-slash": "off",
		// Not among the recommended ones.
		"no-invalid-parameter-examples": "error",
		"no-required-schema-properties-undefined": "error",
		"no-schema-type-mismatch": "error",
		"operation-description": "error",
		"path-http-verbs-order": "error",
		"array-parameter-serialization": "error",
	},
});
const problems = await lint({ ref: file, config });
if (problems.length > 0)
	formatProblems(problems, { format: "codeframe", totals: getTotals(problems), version: "", maxProblems: 30 });
let failed = problems.length > 0;
console.log(`openapi: the linter has ${problems.length} complaints`);

// Another linter with its default rules; its warnings are of taste.
const second = new spectral.Spectral();
second.setRuleset({ extends: [rulesets.oas] });
const errors = (await second.run(readDocument(file))).filter((r) => r.severity === 0);
errors.forEach((e) => console.error(`${e.code}: ${e.path.join("/")}: ${e.message}`));
console.log(`openapi: the second linter has ${errors.length} errors`);
failed ||= errors.length > 0;

// Of bodies anywhere below, in x-rollcall-elsewhere too, which the linter does not know.
function exampleFaults(api, node, pointer) {
	if (node === null || typeof node !== "object")
		return [];
	if (pointer.endsWith("/content"))
		return Object.entries(node).flatMap(([type, media]) => {
			const values = "example" in media ? [media.example] :
				Object.values(media.examples ?? {}).map((e) => e.value);
			const at = `${pointer}/${escaped(type)}`;
			return values.length === 0 ? [`${at} has no example`] :
				values.flatMap((v) => api.faults(`${at}/schema`, v).map((f) => `${at}: ${f}`));
		});
	return Object.entries(node).flatMap(([name, child]) =>
		exampleFaults(api, child, `${pointer}/${escaped(name)}`));
}
const api = new Document(readDocument(file));
const faults = exampleFaults(api, api.doc, "");
faults.forEach((f) => console.error(f));
console.log(`openapi: of the bodies' examples ${faults.length} are missing or do not fit`);
failed ||= faults.length > 0;

if (served !== undefined) {
	const want = readDocument(file);
	const got = JSON.parse(readFileSync(served, "utf8"));
	want.servers[0].url = mount === "" ? "/" : mount;
	const same = isDeepStrictEqual(got, want);
	console.log(`openapi: what is served is ${same ? "" : "NOT "}the file`);
	failed ||= !same;
}
process.exitCode = failed ? 1 : 0;
