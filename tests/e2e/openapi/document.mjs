// SPDX-License-Identifier: MIT
// The description of the API as the checks here use it: read, references followed, the operation
// that a request belongs to, schemas compiled.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import yaml from "js-yaml";

const require = createRequire(import.meta.url);
const Ajv = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats").default;

export function readDocument(file) {
	// JSON's types and no others: a date is text.
	return yaml.load(readFileSync(file, "utf8"), { schema: yaml.CORE_SCHEMA });
}

function percentDecoded(segment) {
	const out = [];
	const bytes = Buffer.from(segment);
	for (let i = 0; i < bytes.length; i++) {
		const hex = bytes.toString("latin1", i + 1, i + 3);
		if (bytes[i] === 0x25 && /^[0-9a-fA-F]{2}$/.test(hex)) {
			out.push(parseInt(hex, 16));
			i += 2;
		} else {
			out.push(bytes[i]);
		}
	}
	return Buffer.from(out);
}

// What a {…} of a path takes: 1 to 255 bytes of UTF-8 without NUL.
function isId(bytes) {
	return bytes.length >= 1 && bytes.length <= 255 && !bytes.includes(0) &&
		Buffer.from(bytes.toString("utf8")).equals(bytes);
}

function segmentsOf(path) {
	return path.replace(/\/$/, "").split("/").slice(1);
}

export class Document {
	constructor(doc) {
		this.doc = doc;
		this.ajv = new Ajv({ strict: false, allErrors: true });
		addFormats(this.ajv);
		this.ajv.addSchema(doc, "openapi");
		this.rows = Object.entries(doc.paths).map(([path, item]) =>
			({ path, item, segments: segmentsOf(path) }));
		this.compiled = new Map();
		this.neverIds = doc.components.parameters.SessionId?.schema.not?.enum ?? [];
	}

	takes(variable, text) {
		return variable?.startsWith("{") && !(variable === "{session_id}" && this.neverIds.includes(text));
	}

	// The object at a pointer, and the pointer of where it really is.
	follow(pointer) {
		let node = this.doc;
		for (const part of pointer.split("/").slice(1)) {
			node = node?.[part.replace(/~1/g, "/").replace(/~0/g, "~")];
			if (node?.$ref !== undefined && Object.keys(node).length === 1) {
				const [found, at] = this.follow(node.$ref.slice(1));
				node = found;
				pointer = at;
			}
		}
		return [node, pointer];
	}

	// As the program's router: segment by segment, a literal wins over a variable, no way back.
	match(path) {
		let rows = this.rows;
		const segments = segmentsOf(path.replace(/\?.*$/s, "").replace(/\/+$/, "/"));
		for (const [i, raw] of segments.entries()) {
			const bytes = percentDecoded(raw);
			const text = bytes.toString("utf8");
			const literal = rows.filter((r) => r.segments[i] === text && !r.segments[i].startsWith("{"));
			rows = literal.length > 0 ? literal :
				isId(bytes) ? rows.filter((r) => this.takes(r.segments[i], text)) : [];
		}
		return rows.find((r) => r.segments.length === segments.length);
	}

	// Faults of a value, as texts; none if it fits the schema at the pointer.
	faults(pointer, value) {
		let validate = this.compiled.get(pointer);
		if (validate === undefined) {
			validate = this.ajv.compile({ $ref: "openapi#" + encodeURI(pointer) });
			this.compiled.set(pointer, validate);
		}
		return validate(value) ? [] :
			validate.errors.map((e) => `${e.instancePath || "/"} ${e.message}` +
				(e.params.additionalProperty ? ` (${e.params.additionalProperty})` : ""));
	}
}

export function escaped(name) {
	return name.replace(/~/g, "~0").replace(/\//g, "~1");
}
