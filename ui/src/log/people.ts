// Who may state what: people and custodian sets, replayed from the pinned founding entry.
// Only what the tools need of `tlog.history`; every entry arrives with its own proof of inclusion.

import { fromBase64, toHex } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import { checkSignature, isObject, isStringList, keyId, leafHash, type Entry } from "./entries.ts";

export interface Person {
  person: string;
  key: string;
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

/** An entry whose proof held, and where the log has it. */
export interface Logged {
  index: number;
  entry: Entry;
}

export class People {
  private readonly byId = new Map<string, Person>();
  private readonly byKey = new Map<string, Person>();

  /** Replays founding and enrol entries in the order of the log; throws CheckFailed("people"). */
  static replay(logged: Logged[], founding: string): People {
    const [first, ...rest] = [...logged].sort((a, b) => a.index - b.index);
    if (first?.index !== 0 || toHex(leafHash(first.entry.raw)) !== founding) {
      throw new CheckFailed("founding", "This log does not begin with the founding you pinned.");
    }
    const people = new People();
    people.found(first.entry);
    for (const { entry } of rest) people.enrol(entry);
    return people;
  }

  /** Throws CheckFailed("not-enrolled"). */
  get(id: string): Person {
    const person = this.byId.get(id);
    if (person === undefined) {
      throw new CheckFailed("not-enrolled", "A person in this request is not enrolled.", id);
    }
    return person;
  }

  /** The one author of a statement, with a good signature and this role. */
  author(entry: Entry, role: string): Person {
    if (entry.by.length !== 1) throw new CheckFailed("signature", "Not signed by one person.");
    const person = this.signers(entry)[0];
    if (person?.roles.includes(role) !== true) {
      throw new CheckFailed("role", "The person who signed may not do this.", role);
    }
    return person;
  }

  /** Everyone in `by`, each enrolled and with a good signature. */
  signers(entry: Entry): Person[] {
    return [...new Set(entry.by)].map((id) => {
      const person = this.byKey.get(id);
      if (person === undefined) {
        throw new CheckFailed("not-enrolled", "Signed by a key that nobody enrolled.", id);
      }
      checkSignature(entry, person.key);
      return person;
    });
  }

  private found(entry: Entry): void {
    const list = entry.body.people;
    if (entry.type !== "founding" || !Array.isArray(list) || list.length < 2)
      throw badPeople(entry);
    for (const item of list) this.add(readPerson(item));
    if (this.signers(entry).length !== list.length) throw badPeople(entry);
  }

  private enrol(entry: Entry): void {
    if (entry.type !== "enrol") throw badPeople(entry);
    const signers = this.signers(entry);
    const entitled = signers.some(
      ({ roles }) => roles.includes("administrator") || roles.includes("dpo"),
    );
    const person = readPerson(entry.body);
    const own = signers.some((signer) => signer.person === person.person);
    const other = this.byKey.get(keyId(fromBase64(person.key)));
    const taken = other !== undefined && other.person !== person.person;
    if (signers.length < 2 || !entitled || own || taken) throw badPeople(entry);
    this.add(person);
  }

  private add(person: Person): void {
    const before = this.byId.get(person.person);
    if (before !== undefined) this.byKey.delete(keyId(fromBase64(before.key)));
    this.byId.set(person.person, person);
    this.byKey.set(keyId(fromBase64(person.key)), person);
  }
}

/** A custodian set, signed by two people of whom one is a data protection officer. */
export function readSet(entry: Entry, people: People): CustodianSet {
  const { set, k, n, members } = entry.body;
  const signers = people.signers(entry);
  const sound =
    entry.type === "custodian-set" &&
    signers.length >= 2 &&
    signers.some(({ roles }) => roles.includes("dpo"));
  if (!sound || typeof set !== "string" || !isCount(k) || !isCount(n) || !Array.isArray(members)) {
    throw new CheckFailed("custodian-set", "The list of custodians is not a valid statement.");
  }
  const read = members.map(readMember);
  const distinct = new Set(read.map(({ person }) => person)).size;
  const insiders = read.filter(({ outside }) => !outside).length;
  // Fewer than k are insiders, so that no quorum exists without somebody from outside.
  const fair = read.every((member) => {
    const person = people.get(member.person);
    const same = person.age === member.age && person.outside === member.outside;
    return same && person.roles.includes("custodian");
  });
  if (read.length !== n || distinct !== n || k < 2 || k > n || insiders >= k || !fair) {
    throw new CheckFailed("custodian-set", "The list of custodians contradicts itself.");
  }
  return { set, k, n, members: read };
}

function readPerson(value: unknown): Person {
  if (!isObject(value)) throw badPerson();
  const { person, key, age, roles, org, outside } = value;
  if (typeof person !== "string" || typeof key !== "string" || !isStringList(roles))
    throw badPerson();
  if (fromBase64(key).length !== 32) throw badPerson();
  return {
    person,
    key,
    age: typeof age === "string" ? age : null,
    roles,
    org: typeof org === "string" ? org : "",
    outside: outside === true,
  };
}

function readMember(value: unknown): Member {
  const { person, age, outside }: JsonObject = isObject(value) ? value : {};
  if (typeof person !== "string" || typeof age !== "string") {
    throw new CheckFailed("custodian-set", "The list of custodians contradicts itself.");
  }
  return { person, age, outside: outside === true };
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0;

const badPerson = (): CheckFailed =>
  new CheckFailed("people", "The list of people on the log is not valid.");

const badPeople = (entry: Entry): CheckFailed =>
  new CheckFailed("people", "The list of people on the log is not valid.", entry.type);
