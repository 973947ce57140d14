import { describe, expect, it } from "vitest";
import { fromBase64 } from "../src/base/bytes.ts";
import { CheckFailed } from "../src/base/errors.ts";
import { enrolledAs } from "../src/app/people.ts";
import { parseEntry } from "../src/log/entries.ts";
import { People, type Logged } from "../src/log/people.ts";
import { isStated } from "../src/log/statements.ts";
import { peopleVector, type StatementsVector } from "./vectors.ts";

const vector = peopleVector();

const logged = ({ entries }: StatementsVector): Logged[] =>
  entries.map((raw, i) => ({ index: 3 * i, entry: parseEntry(fromBase64(raw)) }));

/** What a check says: "held", or the code and words of its refusal. */
function said(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CheckFailed) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "held";
}

const replayed = (one: StatementsVector): string =>
  said(() => People.replay(logged(one), one.founding));

const named = (name: string): StatementsVector => {
  const found = vector.people.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no vector ${name}`);
  return found;
};

const PERSON = {
  person: "p-judge",
  key: "k",
  age: null,
  roles: ["custodian"],
  org: "District court",
  outside: true,
  name_commitment: "ab".repeat(32),
};

describe("an organisation's kind", () => {
  it("is one that the log knows, or none", () => {
    expect(isStated("enrol", PERSON)).toBe(true);
    expect(isStated("enrol", { ...PERSON, org_kind: "court" })).toBe(true);
    expect(isStated("enrol", { ...PERSON, org_kind: "casino" })).toBe(false);
  });

  it("is what a form begins with, beside the scope", () => {
    const scope = { units: ["harbour"], cameras: [] };
    const card = { ...PERSON, org_kind: "court", scope };
    expect(enrolledAs(card)).toEqual({ orgKind: "court", ...scope });
    const nothing = { orgKind: "", units: [], cameras: [] };
    expect(enrolledAs(PERSON)).toEqual(nothing);
    expect(enrolledAs(undefined)).toEqual(nothing);
  });
});

describe("lists of people", () => {
  it.each(vector.people.map((one) => [one.name, one] as const))(
    "are judged as in Python: %s",
    (_name, one) => {
      expect(replayed(one) === "held").toBe(one.holds);
    },
  );

  it.each([
    ["a passkey's answer to another challenge", "signature: The passkey signed something else."],
    ["a passkey being made", "signature: The passkey signed something else."],
    [
      "a passkey without verification of its user",
      "signature: The passkey was used without verifying who uses it.",
    ],
    ["another passkey", "signature: The passkey's signature is wrong."],
    ["a byte behind the signature", "signature: The passkey's signature is wrong."],
    ["no JSON", "signature: The passkey's signature is not one."],
    ["a self-approval", "approval: Somebody approved their own proposal."],
    ["a self-approval by another key", "approval: Somebody approved their own proposal."],
    ["a late approval", "approval: Nothing waited for an approval on the log."],
    ["an approval of nothing", "approval: Nothing waited for an approval on the log."],
    ["a key given up", "not-enrolled: Signed by a key that nobody enrolled."],
    ["one person with two keys", "people: The people who signed may not do this."],
    ["a set without an officer", "custodian-set: The people who signed may not do this."],
  ])("name what is wrong: %s", (name, expected) => {
    expect(replayed(named(name))).toBe(expected);
  });

  it("hold what was approved", () => {
    const enrolled = named("each of several keys");
    const people = People.replay(logged(enrolled), enrolled.founding);
    expect(people.get("p-clerk").keys).toHaveLength(2);
    const set = named("a set proposed and approved");
    const { sets } = People.replay(logged(set), set.founding);
    expect(sets.map(({ index, set: { k, n } }) => [index, k, n])).toEqual([[6, 2, 3]]);
  });

  it("name an entry once", () => {
    const one = named("an enrolment by two");
    const all = logged(one);
    const twice = all.map(({ entry }, i) => ({ index: Math.min(i, 1), entry }));
    expect(said(() => People.replay([...twice, ...twice.slice(1)], one.founding))).toContain(
      "people:",
    );
  });
});

describe("a camera's statement", () => {
  it.each(vector.cameras.map((one) => [one.name, one] as const))(
    "is judged as in Python: %s",
    (_name, one) => {
      const all = logged(one);
      const [last] = all.splice(-1);
      const people = People.replay(all, one.founding);
      const answer = said(() => last && people.camera(last.entry));
      expect(answer === "held").toBe(one.holds);
    },
  );
});
