// Who may state what: people and custodian sets, replayed from the pinned founding entry.
// Only what the tools need of `tlog.history`, with its rules; every entry arrives with its own proof.

import { toHex } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import { isText } from "../base/shapes.ts";
import { checkSignature, leafHash, type Entry } from "./entries.ts";
import {
  isProposed,
  isStated,
  keyIds,
  readPerson,
  readSet,
  type CustodianSet,
  type Person,
} from "./statements.ts";

export type { CustodianSet, Member, Person } from "./statements.ts";

/** An entry whose proof held, and where the log has it. */
export interface Logged {
  index: number;
  entry: Entry;
}

/** What one person stated and waits for a second one until `ends` (ms). */
interface Proposal {
  type: string;
  body: JsonObject;
  person: string;
  ends: number;
}

/** What is in force: of an approval, what was proposed, by both. */
interface Stated {
  type: string;
  body: JsonObject;
  signers: Person[];
}

/** How many people sign, the roles of which one of them must have one, and the name of the lie. */
interface Authors {
  number: number;
  roles: string[];
  code: string;
}

const AUTHORS: Record<string, Authors> = {
  enrol: { number: 2, roles: ["administrator", "dpo"], code: "people" },
  "custodian-set": { number: 2, roles: ["dpo"], code: "custodian-set" },
  camera: { number: 1, roles: ["dpo"], code: "camera" },
};
/** A proposal that is older cannot be approved any more. */
const PROPOSAL_MS = 14 * 86_400_000;

export class People {
  /** The versions of custodian sets, oldest first. */
  readonly sets: { index: number; set: CustodianSet }[] = [];
  private readonly byId = new Map<string, Person>();
  private readonly byKey = new Map<string, Person>();
  private readonly statements = new Set<string>();
  private proposals = new Map<string, Proposal>();
  private publishers = 1;

  /** Replays statements in the order of the log; throws CheckFailed for one that may not stand. */
  static replay(logged: Logged[], founding: string): People {
    const [first, ...rest] = [...logged].sort((a, b) => a.index - b.index);
    if (first?.index !== 0 || toHex(leafHash(first.entry.raw)) !== founding) {
      throw new CheckFailed("founding", "This log does not begin with the founding you pinned.");
    }
    const people = new People();
    people.found(first.entry);
    let last = 0;
    for (const one of rest) {
      if (one.index === last) throw badPeople(one.entry);
      last = one.index;
      people.apply(one);
    }
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

  /** What a camera's statement, or the approval of one, puts in force next after what was replayed. */
  camera(entry: Entry): JsonObject {
    const stated = this.stated(entry);
    if (stated.type !== "camera" || !isStated("camera", stated.body)) {
      throw new CheckFailed("camera", "The server does not show what the log says of this camera.");
    }
    this.checkAuthors(stated);
    return stated.body;
  }

  /** The owner of each key in `by`, enrolled and with a good signature; one person may come twice. */
  private signers(entry: Entry): Person[] {
    return entry.by.map((id) => {
      const person = this.byKey.get(id);
      const key = person?.keys[keyIds(person).indexOf(id)];
      if (person === undefined || key === undefined) {
        throw new CheckFailed("not-enrolled", "Signed by a key that nobody enrolled.", id);
      }
      checkSignature(entry, key);
      return person;
    });
  }

  private found(entry: Entry): void {
    const { people: list, rules } = entry.body;
    if (entry.type !== "founding" || !isStated("founding", entry.body) || !Array.isArray(list))
      throw badPeople(entry);
    const people = list.map(readPerson);
    for (const person of people) this.add(person);
    const keys = people.reduce((sum, { keys: own }) => sum + own.length, 0);
    const signed = new Set(this.signers(entry).map(({ person }) => person));
    const distinct = this.byId.size === people.length && this.byKey.size === keys;
    if (people.length < 2 || !distinct || signed.size !== people.length) throw badPeople(entry);
    this.publishers = (rules as { publishers?: number }).publishers ?? 1;
    this.statements.add(entry.id);
  }

  private apply({ index, entry }: Logged): void {
    if (this.statements.has(entry.id)) throw badPeople(entry);
    if (entry.type === "propose") this.propose(entry);
    else {
      const stated = this.stated(entry);
      this.state(index, stated);
      if (entry.type === "approve") this.proposals.delete(proposalOf(entry));
    }
    this.statements.add(entry.id);
  }

  private propose(entry: Entry): void {
    const now = Date.parse(entry.time);
    const signers = this.signers(entry);
    const [person] = acting(signers);
    const { type, body } = entry.body;
    if (person === undefined || signers.length !== 1 || !isProposed(entry.body)) {
      throw new CheckFailed("approval", "A proposal on the log is not valid.", entry.id);
    }
    const proposal = { type, body, person: person.person, ends: now + PROPOSAL_MS } as Proposal;
    const waiting = [...this.proposals].filter(([, { ends }]) => ends > now);
    this.proposals = new Map([...waiting, [toHex(leafHash(entry.raw)), proposal]]);
  }

  private stated(entry: Entry): Stated {
    const signers = this.signers(entry);
    if (entry.type !== "approve") return { type: entry.type, body: entry.body, signers };
    const found = this.proposals.get(proposalOf(entry));
    const waits = found !== undefined && found.ends > Date.parse(entry.time);
    if (!waits || acting(signers).length === 0 || !isStated("approve", entry.body)) {
      throw new CheckFailed("approval", "Nothing waited for an approval on the log.", entry.id);
    }
    const both = [this.get(found.person), ...signers];
    if (distinct(both) < 2) {
      throw new CheckFailed("approval", "Somebody approved their own proposal.", found.person);
    }
    return { type: found.type, body: found.body, signers: both };
  }

  private state(index: number, stated: Stated): void {
    const { type, body, signers } = stated;
    if ((type !== "enrol" && type !== "custodian-set") || !isStated(type, body)) {
      throw new CheckFailed("people", "The list of people on the log is not valid.", type);
    }
    this.checkAuthors(stated);
    if (type === "enrol") this.enrol(readPerson(body), signers);
    else this.sets.push({ index, set: readSet(body, (id) => this.byId.get(id)) });
  }

  private checkAuthors({ type, body, signers }: Stated): void {
    const authors = AUTHORS[type];
    if (authors === undefined) {
      throw new CheckFailed("role", "The people who signed may not do this.", type);
    }
    const publishes = type === "camera" && body.status === "active";
    const number = publishes ? this.publishers : authors.number;
    const able = acting(signers);
    const entitled = able.some(({ roles }) => roles.some((role) => authors.roles.includes(role)));
    if (distinct(able) < number || !entitled) {
      throw new CheckFailed(authors.code, "The people who signed may not do this.", type);
    }
  }

  private enrol(person: Person, signers: Person[]): void {
    const own = signers.some((signer) => signer.person === person.person);
    const taken = keyIds(person).some((id) => {
      const owner = this.byKey.get(id);
      return owner !== undefined && owner.person !== person.person;
    });
    // An outsider of a set in use stays one, or insiders alone might come to be its quorum.
    const sets = new Map(this.sets.map(({ set }) => [set.set, set]));
    const shares = [...sets.values()].some(({ members }) =>
      members.some((member) => member.person === person.person),
    );
    const crosses = shares && this.byId.get(person.person)?.outside === true && !person.outside;
    if (own || taken || crosses) {
      throw new CheckFailed("people", "The list of people on the log is not valid.", "enrol");
    }
    this.add(person);
  }

  /** Keys that a person had before and has no more stop counting. */
  private add(person: Person): void {
    const before = this.byId.get(person.person);
    if (before !== undefined) for (const id of keyIds(before)) this.byKey.delete(id);
    this.byId.set(person.person, person);
    for (const id of keyIds(person)) this.byKey.set(id, person);
  }
}

/** How many people these are: one with several keys is still one. */
const distinct = (people: Person[]): number => new Set(people.map(({ person }) => person)).size;

/** Those who still have a role; others were taken off the list and sign nothing. */
const acting = (people: Person[]): Person[] => people.filter(({ roles }) => roles.length > 0);

const proposalOf = ({ body }: Entry): string => (isText(body.proposal) ? body.proposal : "");

const badPeople = (entry: Entry): CheckFailed =>
  new CheckFailed("people", "The list of people on the log is not valid.", entry.type);
