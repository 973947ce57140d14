// The vectors that the Python side made (test/vectors/make.py, test/vectors/people.py).

import { readFileSync } from "node:fs";
import type { JsonObject } from "../src/base/canonical.ts";

export interface ReleaseVector {
  now: number;
  keys: Record<string, JsonObject>;
  draft: JsonObject;
  request: string;
  waiting: JsonObject;
  /** A request that ended `minutes` after `now`. */
  brief: { request: string; minutes: number; bundle: JsonObject };
  released: JsonObject;
  opening: JsonObject;
  evidence: JsonObject;
  originals: string;
  plain: string[];
}

export interface CanonicalVector {
  canonical: { value: never; bytes: string }[];
  key: string;
  public: string;
  statement: string;
  detail: JsonObject;
  salt: string;
  commitment: string;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./vectors/${name}.json`, import.meta.url), "utf8"));

export const releaseVector = (): ReleaseVector => read("release") as ReleaseVector;
export const canonicalVector = (): CanonicalVector => read("canonical") as CanonicalVector;

/** Statements of one log in their order, and whether the Python side lets them stand. */
export interface StatementsVector {
  name: string;
  holds: boolean;
  founding: string;
  entries: string[];
}

export const peopleVector = (): Record<"people" | "cameras", StatementsVector[]> =>
  read("people") as Record<"people" | "cameras", StatementsVector[]>;
