// The web process's API about people: signing in, joining, one's own account, statements.

import type { JsonObject } from "../base/canonical.ts";
import { isObject, isStringList } from "../base/shapes.ts";
import { call } from "./api.ts";
import type { Answer, Asked, Wanted } from "./passkeys.ts";

const get = async <T>(path: string): Promise<T> => (await call(path)).json() as Promise<T>;
const post = async <T>(path: string, body?: unknown): Promise<T> =>
  (await call(path, "POST", body ?? {})).json() as Promise<T>;
const remove = (path: string): Promise<Response> => call(path, "DELETE");

export interface Ways {
  passkey: boolean;
  /** The name of an identity provider that is set up, and where its sign-in begins. */
  oidc?: { name: string; start: string } | null;
}

export const ways = (): Promise<Ways> => get("/api/session/ways");
export const askSignIn = (): Promise<Asked> => post("/api/session/passkey/options");
export const signIn = (credential: Answer): Promise<{ person: string }> =>
  post("/api/session/passkey", { credential });

export interface PasskeySeen {
  key_id: string;
  label: string;
  synced: boolean;
}

export interface KeySeen extends PasskeySeen {
  kind: "passkey" | "file";
}

export interface Invited {
  name: string;
  roles: string[];
  org: string;
  outside: boolean;
  units: string[];
  cameras: string[];
  known: boolean;
  ends: string;
  passkeys_needed: number;
  passkeys: PasskeySeen[];
  recipient_needed: boolean;
}

export const invited = (token: string): Promise<Invited> => post("/api/join", { token });
export const askPasskey = (token: string): Promise<{ ticket: string; options: Wanted }> =>
  post("/api/join/options", { token });
export const addPasskey = (
  token: string,
  ticket: string,
  label: string,
  credential: Answer,
): Promise<Invited> => post("/api/join/passkey", { token, ticket, label, credential });

export interface HandedIn {
  person: string;
  keys: KeySeen[];
  age: string | null;
}

export const handIn = (token: string, keyFile: string): Promise<HandedIn> =>
  post("/api/join/card", { token, key_file: keyFile });

export interface SessionRow {
  session: string;
  kind: string;
  how: string;
  device: string;
  purpose: string;
  created: string;
  seen: string;
  current: boolean;
}

export interface PasskeyRow extends PasskeySeen {
  passkey: string;
  created: string;
  used: string | null;
  state: "enrolled" | "waiting" | "removed" | "copied";
}

export const sessions = (): Promise<SessionRow[]> => get("/api/my/sessions");
export const endSession = (id: string): Promise<Response> => remove(`/api/my/sessions/${id}`);
export const endAllSessions = (): Promise<Response> => remove("/api/my/sessions");
export const links = (): Promise<{ provider: string | null; linked: boolean }> =>
  get("/api/my/links");
export const link = (): Promise<{ address: string }> => post("/api/my/links");
export const unlink = (): Promise<Response> => remove("/api/my/links");
export const passkeys = (): Promise<PasskeyRow[]> => get("/api/my/passkeys");
export const stopPasskey = (id: string): Promise<Response> =>
  remove(`/api/my/passkeys/${encodeURIComponent(id)}`);

export interface PersonRow {
  person: string;
  name: string | null;
  roles: string[];
  org: string;
  outside: boolean;
  key_id: string;
  entry: number;
  card: Record<string, unknown>;
}

export interface ProposalRow {
  proposal: string;
  type: string;
  body: Record<string, unknown>;
  person: string;
  summary: { title: string; lines: { label: string; value: string }[] };
  ends: string;
  may_approve: boolean;
}

export const proposals = (): Promise<ProposalRow[]> => get("/api/proposals");

export interface InvitationRow {
  invitation: string;
  state: "open" | "handed_in";
  name: string;
  roles: string[];
  org: string;
  outside: boolean;
  units: string[];
  cameras: string[];
  created: string;
  ends: string;
  card?: Record<string, unknown>;
  keys?: KeySeen[];
  proposal?: string | null;
  proposed_by?: string | null;
  may_propose?: boolean;
  /** The person was enrolled anew since the invitation: nobody signs this card any more. */
  overtaken?: boolean;
  may_approve?: boolean;
}

export interface Wish {
  name: string;
  roles: string[];
  org: string;
  /** What the organisation is; empty for none. */
  org_kind: string;
  outside: boolean;
  units: string[];
  cameras: string[];
  person?: string;
  replace?: boolean;
}

/** What the log says of somebody beside keys and roles, as a form begins with it. */
export interface Enrolled {
  orgKind: string;
  units: string[];
  cameras: string[];
}

export function enrolledAs(card: Record<string, unknown> | undefined): Enrolled {
  const scope = isObject(card?.scope) ? card.scope : {};
  const names = (value: unknown): string[] => (isStringList(value) ? value : []);
  return {
    orgKind: typeof card?.org_kind === "string" ? card.org_kind : "",
    units: names(scope.units),
    cameras: names(scope.cameras),
  };
}

export const people = (): Promise<PersonRow[]> => get("/api/people");
export const invitations = (): Promise<InvitationRow[]> => get("/api/invitations");
export const invite = (wish: Wish): Promise<{ invitation: string; link: string; ends: string }> =>
  post("/api/invitations", wish);
export const revokeInvitation = (id: string): Promise<Response> => remove(`/api/invitations/${id}`);
export const signOutPerson = (id: string): Promise<Response> =>
  remove(`/api/people/${encodeURIComponent(id)}/sessions`);

/** A statement that is shown before it is signed. */
export interface DraftedStatement {
  draft: string;
  document: JsonObject;
  summary: { title: string; lines: { label: string; value: string }[] };
  /** What the body's `detail_commitment` commits to, with its salt; empty where it commits to nothing. */
  detail: JsonObject;
  salt: string;
  options: Asked | null;
  expires: string;
}

export interface Wording {
  type: string;
  body: Record<string, unknown>;
}

export const draftStatement = (wanted: Wording): Promise<DraftedStatement> =>
  post("/api/statements/draft", wanted);
export const finishStatement = (
  draft: string,
  assertion: Answer,
): Promise<{ index: number; hash: string }> => post("/api/statements", { draft, assertion });
