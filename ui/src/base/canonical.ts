// Canonical JSON, RFC 8785, without floats: what every hash and signature of Plainview is over.

import { utf8, type Bytes } from "./bytes.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

/** The canonical text; throws RangeError for floats, unsafe integers and broken Unicode. */
export function canonicalText(value: Json): string {
  if (value === null || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  // The default sort of strings is by UTF-16 code units, as section 3.2.3 demands.
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${quoted(key)}:${canonicalText(value[key] as Json)}`).join(",")}}`;
}

export const canonical = (value: Json): Bytes => utf8(canonicalText(value));

function quoted(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new RangeError("text holds half a character");
  return JSON.stringify(value);
}
