import { describe, expect, it } from "vitest";
import { fromBase64, text, toBase64, utf8 } from "../src/base/bytes.ts";
import { canonical, canonicalText } from "../src/base/canonical.ts";
import {
  checkSignature,
  commitment,
  parseEntry,
  signStatement,
  SigningKey,
} from "../src/log/entries.ts";
import { canonicalVector } from "./vectors.ts";

const vector = canonicalVector();

describe("canonical JSON", () => {
  it("is what the Python side writes, byte for byte", () => {
    for (const { value, bytes } of vector.canonical) expect(toBase64(canonical(value))).toBe(bytes);
  });

  it("refuses floats, unsafe integers and half characters", () => {
    for (const bad of [1.5, 2 ** 53, NaN, Infinity])
      expect(() => canonicalText(bad)).toThrow(RangeError);
    expect(() => canonicalText("\ud800")).toThrow(RangeError);
  });
});

describe("statements", () => {
  const key = SigningKey.fromPem(vector.key);

  it("are signed exactly as in Python", () => {
    const theirs = parseEntry(fromBase64(vector.statement));
    const ours = signStatement(theirs.type, theirs.body, key, { id: theirs.id, time: theirs.time });
    expect(text(ours)).toBe(text(theirs.raw));
  });

  it("verify under their author's key and no other", () => {
    const entry = parseEntry(fromBase64(vector.statement));
    checkSignature(entry, vector.public);
    expect(() => checkSignature(entry, toBase64(new Uint8Array(32).fill(7)))).toThrow("missing");
  });

  it("do not verify when a byte was changed", () => {
    const changed = text(fromBase64(vector.statement)).replace("refusal", "release");
    const entry = parseEntry(utf8(changed));
    expect(() => checkSignature(entry, vector.public)).toThrow("does not fit");
  });

  it("must be canonical, small, and of version 1", () => {
    const raw = text(fromBase64(vector.statement));
    for (const bad of [
      ` ${raw}`,
      raw.replace('"v":1', '"v":2'),
      "[]",
      "{",
      `"${"x".repeat(70_000)}"`,
    ]) {
      expect(() => parseEntry(utf8(bad))).toThrow("not a log entry");
    }
  });

  it("carry a time and an id of their own", () => {
    const entry = parseEntry(signStatement("refusal", { reason: "no" }, key));
    expect(entry.id).toMatch(/^[0-9a-f]{32}$/);
    expect(Math.abs(Date.parse(entry.time) - Date.now())).toBeLessThan(5_000);
  });
});

describe("commitments", () => {
  it("are those of Python", () => {
    expect(commitment(vector.detail, fromBase64(vector.salt))).toBe(vector.commitment);
  });

  it("need a salt of 32 bytes", () => {
    expect(() => commitment({}, new Uint8Array(31))).toThrow("32 bytes");
  });
});
