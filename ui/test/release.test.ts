import { describe, expect, it } from "vitest";
import { fromBase64, toBase64, toBase64Url, utf8 } from "../src/base/bytes.ts";
import type { Json, JsonObject } from "../src/base/canonical.ts";
import { CheckFailed } from "../src/base/errors.ts";
import { parseEntry } from "../src/log/entries.ts";
import { checkDraft, readDraft } from "../src/release/asking.ts";
import type { Check } from "../src/release/checks.ts";
import { examineForRelease, release, type Ready } from "../src/release/custodian.ts";
import { readKeyFile, type KeyFile } from "../src/release/keyfile.ts";
import { openOriginal } from "../src/release/opening.ts";
import type { Server } from "../src/release/server.ts";
import { releaseVector } from "./vectors.ts";

const vector = releaseVector();
const HOUR = 3_600_000;
const silent: Check = async (_name, work) => work();
const key = (role: string, changes: JsonObject = {}): Promise<KeyFile> =>
  readKeyFile(JSON.stringify({ ...vector.keys[role], ...changes }));
const copy = (value: JsonObject): JsonObject => structuredClone(value);
const object = (value: Json | undefined): JsonObject => value as JsonObject;
const list = (value: Json | undefined): JsonObject[] => value as JsonObject[];
const asText = (value: Json | undefined): string => value as string;
const firstWindow = (bundle: JsonObject): JsonObject => object(list(bundle.windows)[0]);
const firstCamera = (bundle: JsonObject): JsonObject => object(list(bundle.cameras)[0]);
const header = (bundle: JsonObject): JsonObject => object(firstWindow(bundle).header);

async function examined(bundle: JsonObject, role = "custodian-a", at = vector.now): Promise<Ready> {
  return examineForRelease(bundle, vector.request, await key(role), silent, () => at);
}

async function code(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CheckFailed) return error.code;
    throw error;
  }
  return "held";
}

/** The same bytes with one bit of one of them changed, as base64. */
function flipped(encoded: Json | undefined, at: number): string {
  const bytes = fromBase64(asText(encoded));
  const where = at < 0 ? bytes.length + at : at;
  bytes[where] = (bytes[where] ?? 0) ^ 1;
  return toBase64(bytes);
}

/** The proof without these signature lines of its checkpoint (0 is the log's own). */
function without(proof: Json | undefined, ...numbers: number[]): string {
  const [head = "", note = "", signatures = ""] = asText(proof).split("\n\n");
  const lines = signatures.trimEnd().split("\n");
  return `${head}\n\n${note}\n\n${lines.filter((_, i) => !numbers.includes(i)).join("\n")}\n`;
}

const otherIndex = (proof: string): string =>
  proof.replace(/index (\d+)/, (_, n: string) => `index ${Number(n) - 1}`);

const LIES: [string, string, (bundle: JsonObject) => void][] = [
  [
    "another entry as the request",
    "inclusion",
    (b) => (b.entry = list(b.people)[0]?.entry ?? null),
  ],
  ["a changed request", "inclusion", (b) => (b.entry = flipped(b.entry, 40))],
  ["another index", "inclusion", (b) => (b.proof = otherIndex(asText(b.proof)))],
  ["a proof of nothing", "proof", (b) => (b.proof = "c2sp.org/tlog-proof@v1\n\n")],
  [
    "a checkpoint that the log did not sign",
    "log-signature",
    (b) => (b.proof = without(b.proof, 0)),
  ],
  ["a checkpoint with too few witnesses", "witnesses", (b) => (b.proof = without(b.proof, 1, 2))],
  ["another case", "detail", (b) => (object(b.detail).case = "K 18/26")],
  ["another salt", "detail", (b) => (b.salt = flipped(b.salt, 0))],
  ["no founding", "founding", (b) => (b.people = list(b.people).slice(1))],
  ["no set of custodians", "answer", (b) => (b.sets = [null])],
  [
    "a changed set of custodians",
    "inclusion",
    (b) => list(b.sets).forEach((s) => (s.entry = flipped(s.entry, 60))),
  ],
  ["another window", "window", (b) => (firstWindow(b).id = "cam-09.20260101T000000Z.1.0")],
  ["no window", "window", (b) => (b.windows = [])],
  [
    "a window that is not logged",
    "inclusion",
    (b) => (firstWindow(b).entry = flipped(firstWindow(b).entry, 90)),
  ],
  [
    "a header of another window",
    "window-header",
    (b) => (object(header(b).record).camera = "cam-09"),
  ],
  [
    "a false share",
    "share-sealed",
    (b) => list(header(b).shares).forEach((s) => (s.sealed = flipped(s.sealed, -1))),
  ],
  ["no share", "share-missing", (b) => (header(b).shares = [])],
  ["no header", "share-missing", (b) => (firstWindow(b).header = null)],
  ["no entry for the camera's name", "camera", (b) => (b.cameras = [])],
  [
    "another entry for the camera's name",
    "camera",
    (b) => (b.cameras = [object(list(b.people)[0])]),
  ],
  [
    "a changed name of the camera",
    "inclusion",
    (b) => (firstCamera(b).entry = flipped(firstCamera(b).entry, 90)),
  ],
];

describe("a custodian's checks", () => {
  it("hold for an honest server", async () => {
    const { asked, shares } = await examined(vector.waiting);
    expect(asked.hash).toBe(vector.request);
    expect(shares.map(({ share }) => share.i)).toEqual([1]);
    expect(asked.camera?.name).not.toBe("");
    const withoutNames = copy(vector.waiting);
    delete withoutNames.cameras;
    expect((await examined(withoutNames)).asked.camera).toBeNull();
  });

  it.each(LIES)("name the lie: %s", async (_what, expected, lie) => {
    const bundle = copy(vector.waiting);
    lie(bundle);
    expect(await code(examined(bundle))).toBe(expected);
  });

  it("want witnesses within the hour, and none from the future", async () => {
    expect(await code(examined(vector.waiting, "custodian-a", vector.now + HOUR + 60_000))).toBe(
      "stale",
    );
    expect(await code(examined(vector.waiting, "custodian-a", vector.now - HOUR))).toBe(
      "witnesses",
    );
  });

  it("want the log and the founding that the key file pins", async () => {
    const pinned = asText(vector.keys["custodian-a"]?.policy);
    const policy = pinned.replace(/log [^+]+/, "log other.example");
    expect(await code(key("custodian-a", { policy }))).toBe("policy");
    const other = await key("custodian-a", { founding: "ab".repeat(32) });
    const work = examineForRelease(vector.waiting, vector.request, other, silent, () => vector.now);
    expect(await code(work)).toBe("founding");
  });

  it("refuse another request than the one that was asked for", async () => {
    const own = await key("custodian-a");
    const work = examineForRelease(vector.waiting, "ab".repeat(32), own, silent, () => vector.now);
    expect(await code(work)).toBe("other-request");
  });

  it("refuse a request that has expired", async () => {
    const { request, minutes, bundle } = vector.brief;
    const own = await key("custodian-a");
    const at = (minute: number): Promise<Ready> =>
      examineForRelease(bundle, request, own, silent, () => vector.now + minute * 60_000);
    expect(await code(at(minutes - 1))).toBe("held");
    expect(await code(at(minutes))).toBe("expired");
  });

  it("let nobody release to themselves, or without a share", async () => {
    expect(await code(examined(vector.waiting, "investigator"))).toBe("own-request");
    expect(await code(examined(vector.waiting, "administrator"))).toBe("no-share");
  });

  it("end in one signed release for each window, sealed to the requester", async () => {
    const own = await key("custodian-a");
    const sent: JsonObject[] = [];
    const post = (_path: string, body: JsonObject): Promise<number> =>
      Promise.resolve(sent.push(body));
    await release(await examined(vector.waiting), own, { post } as unknown as Server);
    expect(sent).toHaveLength(1);
    const entry = parseEntry(fromBase64(asText(sent[0]?.entry)));
    expect(entry.by).toEqual([own.signing.keyId]);
    expect(entry.body).toMatchObject({ request: vector.request, index: 1 });
  });
});

interface Changes {
  bundle?: JsonObject;
  opening?: JsonObject;
  originals?: string;
}

function serverWith(changes: Changes): { server: Server; posted: string[] } {
  const posted: string[] = [];
  const made = {
    get: (path: string) =>
      Promise.resolve(
        path.includes("/opening?")
          ? (changes.opening ?? vector.opening)
          : (changes.bundle ?? vector.released),
      ),
    originals: () => Promise.resolve(fromBase64(changes.originals ?? vector.originals)),
    post: (path: string) => Promise.resolve(posted.push(path)),
  };
  return { server: made as unknown as Server, posted };
}

describe("opening", () => {
  const open = async (changes: Changes = {}, role = "investigator") => {
    const { server, posted } = serverWith(changes);
    const opened = await openOriginal(
      vector.request,
      await key(role),
      server,
      silent,
      () => undefined,
      () => vector.now,
    );
    return { ...opened, posted };
  };

  it("gives the very bytes that were sealed, and says so on the log", async () => {
    const { segments, posted } = await open();
    expect(segments.map(({ fmp4 }) => toBase64(fmp4))).toEqual(vector.plain);
    expect(posted).toEqual([`/api/requests/${vector.request}/opened`]);
  });

  it("needs k different releases", async () => {
    const bundle = copy(vector.released);
    const [first = {}] = list(bundle.releases);
    bundle.releases = [first];
    expect(await code(open({ bundle }))).toBe("too-few");
    bundle.releases = [first, first];
    expect(await code(open({ bundle }))).toBe("too-few");
  });

  it("names a share that was changed after its release", async () => {
    const bundle = copy(vector.released);
    object(list(bundle.releases)[1]).resealed = flipped(list(bundle.releases)[1]?.resealed, -1);
    expect(await code(open({ bundle }))).toBe("resealed");
  });

  it("names a keeper's part that is not the logged one", async () => {
    const opening = { ...vector.opening, resealed_e: flipped(vector.opening.resealed_e, -1) };
    expect(await code(open({ opening }))).toBe("keeper");
  });

  it("names a changed segment, a cut one, and none at all", async () => {
    expect(await code(open({ originals: flipped(vector.originals, -1) }))).toBe("segment-cipher");
    const whole = fromBase64(vector.originals);
    expect(await code(open({ originals: toBase64(whole.subarray(0, -3)) }))).toBe("segments");
    expect(await code(open({ originals: "" }))).toBe("segments");
  });

  it("is for the requester only", async () => {
    expect(await code(open({}, "custodian-c"))).toBe("not-yours");
  });
});

describe("asking", () => {
  const draft = (change: (draft: JsonObject) => void = () => undefined): string => {
    const changed = copy(vector.draft);
    change(changed);
    return toBase64Url(utf8(JSON.stringify(changed)));
  };
  const check = async (encoded: string, role = "investigator"): Promise<void> =>
    checkDraft(readDraft(encoded), await key(role), vector.now);

  it("accepts the draft that the server made", async () => {
    expect(await code(check(draft()))).toBe("held");
  });

  it.each<[string, string, (d: JsonObject) => void]>([
    ["a recipient that is not mine", "recipient", (d) => (object(d.body).recipient = "age1other")],
    ["another case", "detail", (d) => (object(d.detail).case = "other")],
    ["a further field", "draft", (d) => (object(d.body).extra = 1)],
    ["no windows", "draft", (d) => (object(d.body).windows = [])],
    [
      "another camera's window",
      "span",
      (d) => (object(d.body).windows = ["cam-09.20260101T000000Z.1.0"]),
    ],
    [
      "an end that has passed",
      "expired",
      (d) => (object(d.body).expires = "2020-01-01T00:00:00.000Z"),
    ],
  ])("refuses %s", async (_what, expected, change) => {
    expect(await code(check(draft(change)))).toBe(expected);
  });

  it("refuses somebody else's draft, and what is no draft", async () => {
    expect(await code(check(draft(), "custodian-a"))).toBe("recipient");
    expect(await code(check("!!"))).toBe("draft");
  });
});

describe("key files", () => {
  it("are refused when something is missing", async () => {
    for (const changes of [
      { v: 2 },
      { founding: "x" },
      { age: "AGE-SECRET-KEY-1X" },
      { signing: "pem" },
    ]) {
      expect(await code(key("custodian-a", changes))).toBe("key-file");
    }
    expect(await code(readKeyFile("{"))).toBe("key-file");
  });
});
