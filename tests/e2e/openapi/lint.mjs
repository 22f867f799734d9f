// SPDX-License-Identifier: MIT
// lint.mjs openapi.yaml [served.json MOUNT]: the linter's rules, examples included, hold without a
// warning; and the document that the program serves is this one, with MOUNT as its
// server. (redocly's engine as a library: its command line needs a newer Node than Debian 12 has.)
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { createConfig, formatProblems, getTotals, lint } from "@redocly/openapi-core";
import { readDocument } from "./document.mjs";

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

if (served !== undefined) {
	const want = readDocument(file);
	const got = JSON.parse(readFileSync(served, "utf8"));
	want.servers[0].url = mount === "" ? "/" : mount;
	const same = isDeepStrictEqual(got, want);
	console.log(`openapi: what is served is ${same ? "" : "NOT "}the file`);
	failed ||= !same;
}
process.exitCode = failed ? 1 : 0;
