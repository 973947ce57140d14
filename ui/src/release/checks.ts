// The checks of a request, one after the other, as custodian and requester see them tick off.
// Input is the JSON of `GET /api/requests/<hash>`; nothing in it is believed.

import type { JsonObject } from "../base/canonical.ts";
import { equal } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import { commitment, isObject, isStringList } from "../log/entries.ts";
import type { CustodianSet, Person } from "../log/people.ts";
import { checkSpan, readRecord, recordIn, type WindowRecord } from "../seal/windows.ts";
import type { KeyFile } from "./keyfile.ts";
import {
  bytesIn,
  entryHash,
  listIn,
  prove,
  replay,
  textIn,
  type Proven,
  type Rules,
} from "./trust.ts";

/** Names of the lines that tick off; their words stand in the message catalogue. */
export type CheckName =
  | "logged"
  | "people"
  | "signature"
  | "recipient"
  | "detail"
  | "windows"
  | "expiry"
  | "share"
  | "releases"
  | "keeper"
  | "combine"
  | "segments";

/** Runs one line: tells that it began, that it held (with a few words), or why it did not. */
export type Check = <T>(
  name: CheckName,
  work: () => T | Promise<T>,
  said?: (value: T) => string,
) => Promise<T>;

export interface AskedWindow {
  record: WindowRecord;
  set: CustodianSet;
  /** Sealed shares as the server's pack has them, base64 by share index; empty when it has none. */
  sealed: Map<number, string>;
}

export interface Asked {
  hash: string;
  proven: Proven;
  rules: Rules;
  requester: Person;
  recipient: string;
  purpose: string;
  expires: number;
  detail: JsonObject;
  /** Name and place as the log has them; null when the server does not show that entry. */
  camera: CameraName | null;
  windows: AskedWindow[];
}

export interface CameraName {
  name: string;
  place: string;
}

export async function examine(
  bundle: JsonObject,
  hash: string,
  key: KeyFile,
  check: Check,
  now: () => number,
): Promise<Asked> {
  const proven = await check("logged", () => proveRequest(bundle, hash, key, now()), witnessed);
  const rules = await check("people", () => replay(bundle, key, now()));
  const requester = await check(
    "signature",
    () => rules.people.author(proven.entry, "investigator"),
    (person) => person.org,
  );
  const { body } = proven.entry;
  const recipient = await check("recipient", () =>
    checkRecipient(requester, textIn(body, "recipient")),
  );
  const detail = await check("detail", () =>
    checkDetail(bundle, textIn(body, "detail_commitment")),
  );
  const windows = await check(
    "windows",
    () => checkWindows(bundle, body.windows, detail, rules, key, now()),
    (list) => String(list.length),
  );
  const camera = cameraName(bundle, windows, rules, key, now());
  const expires = Date.parse(textIn(body, "expires"));
  await check(
    "expiry",
    () => checkExpiry(expires, now()),
    () => textIn(body, "expires"),
  );
  return {
    hash,
    proven,
    rules,
    requester,
    recipient,
    purpose: textIn(body, "purpose"),
    expires,
    detail,
    camera,
    windows,
  };
}

/** "2 of 3" and how long ago the latest of them looked: put into words by the page. */
const witnessed = ({ witnesses }: Proven): string => [...witnesses.keys()].join(", ");

function proveRequest(bundle: JsonObject, hash: string, key: KeyFile, now: number): Proven {
  const proven = prove(bundle, key, now);
  if (proven.entry.type !== "request" || entryHash(proven.entry) !== hash) {
    throw new CheckFailed(
      "other-request",
      "The server shows another request than the one asked for.",
    );
  }
  return proven;
}

function checkRecipient(requester: Person, recipient: string): string {
  if (requester.age !== recipient) {
    throw new CheckFailed(
      "recipient",
      "Shares would be sealed to a key that is not the requester's.",
    );
  }
  return recipient;
}

export function checkDetail(bundle: JsonObject, committed: string): JsonObject {
  const detail = bundle.detail;
  if (!isObject(detail) || commitment(detail, bytesIn(bundle, "salt")) !== committed) {
    throw new CheckFailed("detail", "The case shown is not the one that was signed.");
  }
  return detail;
}

function checkWindows(
  bundle: JsonObject,
  names: unknown,
  detail: JsonObject,
  rules: Rules,
  key: KeyFile,
  now: number,
): AskedWindow[] {
  const shown = new Map(listIn(bundle, "windows").map((item) => [textIn(item, "id"), item]));
  const distinct = isStringList(names) && new Set(names).size === names.length && names.length > 0;
  if (!distinct || shown.size !== names.length || names.some((name) => !shown.has(name))) {
    throw new CheckFailed("window", "The recordings shown are not those that the request is for.");
  }
  const [camera, from, to] = ["camera", "from", "to"].map((name) => textIn(detail, name));
  return names.map((name) => {
    const item = shown.get(name) ?? null;
    const proven = prove(item, key, now);
    const record = recordIn(proven.entry, name);
    checkSpan(record, camera ?? "", from ?? "", to ?? "");
    const set = rules.setAt(record.set, proven.index);
    if (record.k !== set.k || record.n !== set.n || record.shares.length !== set.n) {
      throw new CheckFailed(
        "custodian-set",
        "A recording has other custodians than the log says.",
        name,
      );
    }
    return { record, set, sealed: sealedShares(isObject(item) ? item.header : null, record) };
  });
}

/**
 * Name and place from the register's statement that the first recording rests on: proven to be on the
 * log, signed by those who may, at that place or before it as a proposal, and of this very camera.
 */
function cameraName(
  bundle: JsonObject,
  windows: AskedWindow[],
  rules: Rules,
  key: KeyFile,
  now: number,
): CameraName | null {
  const record = windows[0]?.record;
  if (record === undefined || !("cameras" in bundle)) return null;
  const proven = listIn(bundle, "cameras").map((item) => prove(item, key, now));
  const found = proven.find(({ index }) => index === record.register);
  const body = found && rules.before(found.index).camera(found.entry);
  if (body?.camera !== record.camera) {
    throw new CheckFailed(
      "camera",
      "The server does not show what the log says of this camera.",
      record.camera,
    );
  }
  const stated = body.record ?? null;
  const place = isObject(stated) && typeof stated.place === "string" ? stated.place : "";
  return { name: textIn(stated, "name"), place };
}

function sealedShares(header: unknown, record: WindowRecord): Map<number, string> {
  if (!isObject(header)) return new Map();
  const claimed = readRecord(header.record);
  if (!equal(canonical(claimed as never), canonical(record as never))) {
    throw new CheckFailed(
      "window-header",
      "The stored recording is not the one on the log.",
      record.window,
    );
  }
  const shares = listIn(header, "shares").filter(isObject);
  return new Map(shares.map((share) => [Number(share.i), textIn(share, "sealed")]));
}

function checkExpiry(expires: number, now: number): void {
  if (!(now < expires)) {
    throw new CheckFailed("expired", "This request has expired. The requester must ask again.");
  }
}

/** Which share (1..n) of a window is this person's. */
export function indexOf(window: AskedWindow, person: string): number {
  const at = window.set.members.findIndex((member) => member.person === person);
  if (at < 0) {
    throw new CheckFailed("no-share", "You hold no share of this recording.", window.record.window);
  }
  return at + 1;
}
