// What statements about people, custodian sets and cameras hold (`tlog.shapes`): exactly these fields.

import { fromBase64 } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import {
  hasShape,
  isBoolean,
  isDigest,
  isInteger,
  isListOf,
  isName,
  isObject,
  isOneOf,
  isText,
  type Kind,
} from "../base/shapes.ts";
import { keyId } from "./entries.ts";
import { POINT_BYTES } from "./passkeys.ts";

export interface Person {
  person: string;
  /** Raw public keys in base64: Ed25519 (32 bytes) or a passkey's point on P-256 (65). */
  keys: string[];
  age: string | null;
  roles: string[];
  org: string;
  outside: boolean;
}

export interface Member {
  person: string;
  age: string;
  outside: boolean;
}

export interface CustodianSet {
  set: string;
  k: number;
  n: number;
  members: Member[];
}

const ED25519_BYTES = 32;
const ROLES = [
  "operator",
  "investigator",
  "supervisor",
  "custodian",
  "dpo",
  "auditor",
  "administrator",
];

const NAMES = isListOf(isName);
const PERSON: Record<string, Kind> = {
  person: isName,
  key: isText,
  age: (value) => value === null || isText(value),
  roles: isListOf(isOneOf(...ROLES)),
  org: isText,
  outside: isBoolean,
  name_commitment: isDigest,
};
const isScope: Kind = (value) => hasShape(value, { units: NAMES, cameras: NAMES });
const ORGANISATIONS = ["operator", "supplier", "court", "authority", "university", "civil-society"];
const PERSON_MAY: Record<string, Kind> = {
  more_keys: NAMES,
  scope: isScope,
  org_kind: isOneOf(...ORGANISATIONS),
};
const isPerson: Kind = (value) => hasShape(value, PERSON, PERSON_MAY);
const isMember: Kind = (value) =>
  hasShape(value, { person: isName, age: isText, outside: isBoolean });
const RULES: Record<string, Kind> = {
  window_seconds: isInteger,
  key_period_seconds: isInteger,
  notice_seconds: isInteger,
  reveal_seconds: isInteger,
};
const isRules: Kind = (value) => hasShape(value, RULES, { publishers: isOneOf(1, 2) });
const VERSION: Record<string, Kind> = { version: isInteger, record: isObject };

const STATED = {
  founding: { origin: isText, profile: isName, rules: isRules, people: isListOf(isPerson) },
  "custodian-set": { set: isName, k: isInteger, n: isInteger, members: isListOf(isMember) },
  camera: { camera: isName, status: isOneOf("active", "suspended", "removed"), ...VERSION },
  record: {
    id: isName,
    kind: isOneOf(
      ...["legal-basis", "dpia", "contract", "site", "area", "unit", "controller", "supplier"],
      ...["opinion", "retention", "model", "policy"],
    ),
    status: isOneOf("active", "revoked"),
    ...VERSION,
  },
  approve: { proposal: isDigest },
};

/** Whether a statement of this type has exactly the fields that it must have. */
export function isStated(type: keyof typeof STATED | "enrol", body: unknown): body is JsonObject {
  return type === "enrol" ? isPerson(body) : hasShape(body, STATED[type]);
}

/** What one person may propose and another approve. */
export function isProposed(body: JsonObject): boolean {
  const { type, body: inner } = body;
  if (!hasShape(body, { type: isName, body: isObject })) return false;
  return (["enrol", "custodian-set", "camera", "record"] as const).some(
    (kind) => kind === type && isStated(kind, inner),
  );
}

export const keyIds = ({ keys }: Person): string[] => keys.map((key) => keyId(fromBase64(key)));

/** Throws CheckFailed("people"). */
export function readPerson(value: unknown): Person {
  if (!isPerson(value)) throw badPerson();
  const {
    key,
    more_keys: more = [],
    ...read
  } = value as Omit<Person, "keys"> & {
    key: string;
    more_keys?: string[];
  };
  const keys = [key, ...more];
  if (!keys.every((one) => [ED25519_BYTES, POINT_BYTES].includes(lengthOf(one)))) throw badPerson();
  const { person, age, roles, org, outside } = read;
  return { person, keys, age, roles, org, outside };
}

/** Members are enrolled as custodians just so. Throws CheckFailed("custodian-set"). */
export function readSet(
  body: JsonObject,
  enrolled: (id: string) => Person | undefined,
): CustodianSet {
  const { set, k, n, members } = body as unknown as CustodianSet;
  const distinct = new Set(members.map(({ person }) => person)).size;
  const insiders = members.filter(({ outside }) => !outside).length;
  const fair = members.every((member) => {
    const person = enrolled(member.person);
    const same = person?.age === member.age && person.outside === member.outside;
    return same && person.roles.includes("custodian");
  });
  // Fewer than k are insiders, so that no quorum exists without somebody from outside.
  if (members.length !== n || distinct !== n || k < 2 || k > n || insiders >= k || !fair) {
    throw new CheckFailed("custodian-set", "The list of custodians contradicts itself.");
  }
  return { set, k, n, members };
}

function lengthOf(encoded: string): number {
  try {
    return fromBase64(encoded).length;
  } catch {
    return 0; // not base64
  }
}

const badPerson = (): CheckFailed =>
  new CheckFailed("people", "The list of people on the log is not valid.");
