// Trust policy (c2sp.org/tlog-policy): which log, which witnesses by name, and how many of them.

import { CheckFailed } from "../base/errors.ts";
import {
  COSIGNATURE_V1,
  cosignedAt,
  ED25519,
  logSigned,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  sameKey,
  type Checkpoint,
  type VerifierKey,
} from "./note.ts";

interface Group {
  threshold: number;
  members: string[];
}

export interface Checked {
  checkpoint: Checkpoint;
  /** Every witness of the policy with a good cosignature, and when (ms). */
  witnesses: Map<string, number>;
}

/** A cosignature may run ahead of this machine's clock by so much. */
const CLOCK_SKEW_MS = 5 * 60_000;

export class Policy {
  private constructor(
    readonly logs: VerifierKey[],
    readonly witnesses: Map<string, VerifierKey>,
    private readonly groups: Map<string, Group>,
    private readonly quorum: string,
  ) {}

  /** Throws CheckFailed("policy") naming the line. */
  static parse(source: string): Policy {
    const logs: VerifierKey[] = [];
    const witnesses = new Map<string, VerifierKey>();
    const groups = new Map<string, Group>();
    const used = new Set<string>();
    let quorum: string | null = null;
    const known = (name: string): boolean => witnesses.has(name) || groups.has(name);
    for (const line of source.split("\n")) {
      const [word = "", ...rest] = line.trim().split(/[ \t]+/);
      if (word === "" || word.startsWith("#")) continue;
      const [name = ""] = rest;
      if (word === "log" && (rest.length === 1 || rest.length === 2)) {
        logs.push(keyOfKind(name, ED25519, logs));
      } else if (word === "witness" && (rest.length === 2 || rest.length === 3)) {
        if (known(name) || name === "none") throw badPolicy(line);
        witnesses.set(name, keyOfKind(rest[1] ?? "", COSIGNATURE_V1, [...witnesses.values()]));
      } else if (word === "group" && rest.length >= 3) {
        const members = rest.slice(2);
        if (known(name) || name === "none") throw badPolicy(line);
        for (const member of members) {
          if (!known(member) || used.has(member)) throw badPolicy(line);
          used.add(member);
        }
        groups.set(name, { threshold: threshold(rest[1] ?? "", members.length, line), members });
      } else if (word === "quorum" && rest.length === 1 && quorum === null) {
        if (name !== "none" && !known(name)) throw badPolicy(line);
        quorum = name;
      } else {
        throw badPolicy(line);
      }
    }
    if (quorum === null || logs.length === 0) throw badPolicy("no log or no quorum");
    return new Policy(logs, witnesses, groups, quorum);
  }

  /** Whether anybody but the log itself must confirm it. */
  get asksWitnesses(): boolean {
    return this.quorum !== "none";
  }

  /**
   * Demands the log's own signature AND the witness quorum by name, every counted cosignature at
   * most `maxAgeMs` old. Throws CheckFailed("log-signature" | "witnesses" | "stale").
   */
  check(raw: Uint8Array, now: number, maxAgeMs: number | null): Checked {
    const note = parseNote(raw);
    const checkpoint = parseCheckpoint(note);
    if (!this.logs.some((log) => log.name === checkpoint.origin && logSigned(note, log))) {
      throw new CheckFailed("log-signature", "The log itself did not sign this checkpoint.");
    }
    const witnesses = new Map<string, number>();
    for (const [name, key] of this.witnesses) {
      const at = cosignedAt(note, key);
      if (at !== null && at <= now + CLOCK_SKEW_MS) witnesses.set(name, at);
    }
    const seen = `${witnesses.size} of ${this.witnesses.size}`;
    if (!this.reached(this.quorum, (name) => witnesses.has(name))) {
      throw new CheckFailed("witnesses", "Too few witnesses confirm the log.", seen);
    }
    const fresh = (name: string): boolean =>
      maxAgeMs === null || (witnesses.get(name) ?? -Infinity) >= now - maxAgeMs;
    if (!this.reached(this.quorum, (name) => witnesses.has(name) && fresh(name))) {
      throw new CheckFailed("stale", "The witnesses' confirmation is too old.", seen);
    }
    return { checkpoint, witnesses };
  }

  private reached(name: string, has: (witness: string) => boolean): boolean {
    if (name === "none") return true;
    const group = this.groups.get(name);
    if (group === undefined) return has(name);
    return group.members.filter((member) => this.reached(member, has)).length >= group.threshold;
  }
}

function keyOfKind(vkey: string, kind: number, others: VerifierKey[]): VerifierKey {
  const key = parseVerifierKey(vkey);
  if (key.kind !== kind || others.some((other) => sameKey(other, key))) throw badPolicy(vkey);
  return key;
}

function threshold(word: string, members: number, line: string): number {
  if (word === "any") return 1;
  if (word === "all") return members;
  const k = /^[1-9][0-9]*$/.test(word) ? Number(word) : 0;
  if (k < 1 || k > members) throw badPolicy(line);
  return k;
}

const badPolicy = (line: string): CheckFailed =>
  new CheckFailed("policy", "The trust policy in this key file cannot be read.", line);
