// The web process's API about the register (docs/ref/http.md).

import type { Json, JsonObject } from "../../base/canonical.ts";
import { call } from "../api.ts";
import type { Wording } from "../people.ts";

const get = async <T>(path: string): Promise<T> => (await call(path)).json() as Promise<T>;
const post = async <T>(path: string, body: unknown): Promise<T> =>
  (await call(path, "POST", body)).json() as Promise<T>;
const named = encodeURIComponent;

export interface RecordRow {
  kind: string;
  id: string;
  name: string;
  version: number;
  status: string;
  in_force: boolean;
  valid_to?: string | null;
}

export interface Overview {
  cameras: number;
  centre: [number, number] | null;
  objections: number;
  notice_seconds: number;
  publishers: number;
  kinds: string[];
  laws: string[];
  sets: { set: string; k: number; n: number }[];
  classes: Record<string, number>;
  records: RecordRow[];
}

export const overview = (): Promise<Overview> => get("/api/register");

export interface CameraRow {
  id: string;
  name: string;
  place: string;
  unit: string;
  kind: string;
  version: number;
  status: string;
  state: "active" | "notice" | "blocked" | "lapsed" | "refused" | "suspended" | "removed";
  reason: string;
  effective: string;
}

export const cameras = (
  find: string,
  skip: number,
): Promise<{ found: number; cameras: CameraRow[] }> =>
  get(`/api/register/cameras?${new URLSearchParams({ find, skip: String(skip) })}`);

export interface Neighbour {
  id: string;
  name: string;
  position: [number, number];
  direction_degrees: number | null;
  angle_degrees: number | null;
}

export const near = ([lat, lon]: [number, number], reach: number): Promise<Neighbour[]> =>
  get(`/api/register/near?lat=${lat}&lon=${lon}&reach=${reach}`);

export interface KindField {
  field: string;
  type: "text" | "long" | "number" | "yesno" | "choice" | "moment" | "hash" | "json";
  required: boolean;
  choices: string[];
  help: string;
}

export const kindFields = (kind: string): Promise<KindField[]> =>
  get(`/api/register/kinds/${named(kind)}`);

export interface Demand {
  field: string;
  kind: string;
  article: string;
  why: string;
  severity: "error" | "warning";
  unsure: boolean;
}

export interface Law {
  law: string;
  title: string;
  note: string | null;
  checks: Demand[];
}

export const law = (name: string): Promise<Law> => get(`/api/register/laws/${named(name)}`);

export interface Scale {
  scale: "dori_2014" | "oodpcvs_2025";
  met: string;
  cap: string | null;
  allowed: boolean;
  /** Class -> pixels per ten metres from which on it is met, the coarsest first. */
  from: Record<string, number>;
  reaches_cm: Record<string, number>;
}

/** The class that shows more than the purpose allows: nearer than its ring nobody should come. */
export function classAbove({ cap, from }: Scale): string | undefined {
  const names = Object.keys(from);
  return cap === null ? undefined : names[names.indexOf(cap) + 1];
}

export interface Density {
  pixels_per_10_metres: number;
  distance_cm: number;
  scales: Scale[];
}

export interface Lens {
  width: number;
  angle: number;
  height: number;
  distance: number;
  law: string;
  purpose: string;
}

export const density = (lens: Lens): Promise<Density> =>
  get(
    `/api/register/density?${new URLSearchParams(
      Object.entries(lens).map(([key, value]): [string, string] => [key, String(value)]),
    )}`,
  );

export interface DraftRow {
  draft: string;
  kind: string;
  subject: string;
  base: number;
  record: JsonObject;
  saves: number;
  changed: string;
  waits?: boolean;
  name?: string;
}

export const drafts = (): Promise<DraftRow[]> => get("/api/register/drafts");
export const draft = (id: string): Promise<DraftRow> => get(`/api/register/drafts/${named(id)}`);
export const beginDraft = (kind: string, subject: string): Promise<DraftRow> =>
  post("/api/register/drafts", { kind, subject });
/** Of something that is not in the register yet. */
export const beginNew = (kind: string, subject: string, record: JsonObject): Promise<DraftRow> =>
  post("/api/register/drafts", { kind, subject, record, new: true });
export const saveDraft = (id: string, record: JsonObject, saves: number): Promise<DraftRow> =>
  post(`/api/register/drafts/${named(id)}`, { record, saves });
export const deleteDraft = (id: string): Promise<Response> =>
  call(`/api/register/drafts/${named(id)}`, "DELETE");

export interface Change {
  field: string;
  old: Json;
  new: Json;
}

export interface Review {
  version: number;
  published: { version: number; status: string | null };
  record: JsonObject;
  faults: { field: string; text: string }[];
  findings: { field: string; article: string; message: string; severity: "error" | "warning" }[];
  changes: Change[];
  blocked: boolean;
  statement: Wording | null;
}

export const reviewDraft = (id: string): Promise<Review> =>
  get(`/api/register/drafts/${named(id)}/review`);

export interface ProposalRow {
  proposal: string;
  kind: string;
  subject: string;
  name: string;
  version: number;
  status: string;
  by: string;
  own: boolean;
  ends: string;
  may_approve: boolean;
  stale: boolean;
}

export const proposals = (): Promise<ProposalRow[]> => get("/api/register/proposals");
export const proposal = (hash: string): Promise<ProposalRow & { review: Review }> =>
  get(`/api/register/proposals/${named(hash)}`);

export interface ImportRow {
  row: number;
  camera: string;
  name: string;
  version: number;
  state: "new" | "changed" | "unchanged" | "wrong";
  changes: Change[];
  faults: string[];
  /** Whether this person has a draft of it already; that one stays. */
  draft: boolean;
}

export interface ImportLook {
  rows: ImportRow[];
  streams: number;
  sound: boolean;
}

/** Bytes of a file that the server reads. */
export const LARGEST_IMPORT = 1_000_000;

const importPath = (file: File, law: string, more = ""): string =>
  `/api/register/import${more}?${new URLSearchParams({ name: file.name, law })}`;
export const importLook = async (file: File, law: string): Promise<ImportLook> =>
  (await call(importPath(file, law), "POST", file)).json() as Promise<ImportLook>;
export const importDrafts = async (
  file: File,
  law: string,
): Promise<{ drafts: number; kept: string[] }> =>
  (await call(importPath(file, law, "/drafts"), "POST", file)).json() as Promise<{
    drafts: number;
    kept: string[];
  }>;

export interface ObjectionRow {
  number: number;
  camera: string;
  version: number;
  received: string;
  text: string;
  outcome: string | null;
  answer: string | null;
}

export const objections = (): Promise<ObjectionRow[]> => get("/api/objections");

/** A camera that somebody saw and that is not on the list. */
export interface ReportRow {
  number: number;
  place: string;
  received: string;
  text: string;
  state: string;
  reply: string;
}

/** Those of which more is to be said, the oldest first. */
export const reports = (): Promise<ReportRow[]> => get("/api/reports?waiting=true");
export const answerReport = (number: number, state: string, reply: string): Promise<unknown> =>
  post(`/api/reports/${number}`, { state, reply });
