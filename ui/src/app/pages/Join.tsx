// Joining: what the invitation is for, passkeys, a key file where one is needed, and handing in.

import { useCallback, useState, type ReactNode } from "react";
import { texts } from "../../messages/en.ts";
import { dateTime } from "../../video/clock.ts";
import { useLoaded } from "../hooks.ts";
import { Keys } from "../parts/Keys.tsx";
import { Mark } from "../parts/Icon.tsx";
import { Problem } from "../parts/Problem.tsx";
import { makePasskey } from "../passkeys.ts";
import {
  addPasskey,
  askPasskey,
  handIn,
  invited as fetchInvited,
  type HandedIn,
  type Invited,
} from "../people.ts";

const words = texts.join;
export const rolesText = (roles: string[]): string =>
  roles.map((role) => texts.roles[role] ?? role).join(", ");

export function Join({ token }: { token: string }) {
  const load = useCallback(() => fetchInvited(token), [token]);
  const { value: first, error: refused } = useLoaded(load);
  const [later, setLater] = useState<Invited | null>(null);
  const [done, setDone] = useState<HandedIn | null>(null);
  const invited = later ?? first;
  return (
    <main className="door wide" data-testid="join">
      <Mark />
      {done !== null ? (
        <Waiting done={done} />
      ) : (
        <>
          <h1>{invited === null ? words.title : words.greeting(invited.name)}</h1>
          {refused === null && <p className="lead">{words.lead}</p>}
          <Problem error={refused} />
          {invited !== null && (
            <>
              <Offer invited={invited} />
              <Passkeys token={token} invited={invited} onMade={setLater} />
              {invited.passkeys.length >= invited.passkeys_needed && (
                <HandIn token={token} invited={invited} onDone={setDone} />
              )}
            </>
          )}
        </>
      )}
    </main>
  );
}

function Offer({ invited }: { invited: Invited }) {
  const limits = [...invited.units, ...invited.cameras];
  return (
    <dl className="said">
      <Line label={words.as}>{rolesText(invited.roles)}</Line>
      <Line label={words.org}>
        {invited.org}
        {invited.outside && ` (${words.outside})`}
      </Line>
      {limits.length > 0 && <Line label={words.only}>{limits.join(", ")}</Line>}
      <Line label={words.until}>{dateTime(Date.parse(invited.ends))}</Line>
    </dl>
  );
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface PasskeysProps {
  token: string;
  invited: Invited;
  onMade: (invited: Invited) => void;
}

function Passkeys({ token, invited, onMade }: PasskeysProps) {
  const [label, setLabel] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const has = invited.passkeys.length;
  const make = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const { ticket, options } = await askPasskey(token);
      const name = label.trim() === "" ? words.keyName(has + 1) : label.trim();
      onMade(await addPasskey(token, ticket, name, await makePasskey(options)));
      setLabel("");
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="step" aria-labelledby="step-passkeys">
      <h2 id="step-passkeys">{words.passkeys(invited.passkeys_needed)}</h2>
      <p>{invited.passkeys_needed > 1 ? words.whyTwo : words.whyPasskey}</p>
      <Keys keys={invited.passkeys.map((key) => ({ ...key, kind: "passkey" }))} />
      <Problem error={error} />
      {has < invited.passkeys_needed + 1 && (
        <form
          className="inline"
          onSubmit={(event) => {
            event.preventDefault();
            void make();
          }}
        >
          <label className="labelled">
            {words.label}
            <input
              className="field"
              maxLength={60}
              placeholder={words.labelHint}
              value={label}
              onChange={(event) => setLabel(event.target.value)}
            />
          </label>
          <button
            className={has < invited.passkeys_needed ? "button primary" : "button"}
            disabled={busy}
            data-testid="make-passkey"
          >
            {has === 0 ? words.make : words.makeAnother}
          </button>
        </form>
      )}
    </section>
  );
}

interface HandInProps {
  token: string;
  invited: Invited;
  onDone: (done: HandedIn) => void;
}

function HandIn({ token, invited, onDone }: HandInProps) {
  const [file, setFile] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = (): void => {
    setBusy(true);
    setError(null);
    handIn(token, file)
      .then(onDone)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  const needsFile = invited.recipient_needed;
  const usesTools = needsFile || invited.roles.includes("investigator");
  return (
    <section className="step" aria-labelledby="step-hand-in">
      <h2 id="step-hand-in">{words.handIn}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {usesTools && (
          <label className="labelled">
            {words.keyFile}
            <small>{needsFile ? words.keyFileCustodian : words.keyFileInvestigator}</small>
            <textarea
              className="field"
              rows={4}
              required={needsFile}
              spellCheck={false}
              value={file}
              data-testid="key-file"
              onChange={(event) => setFile(event.target.value)}
            />
          </label>
        )}
        <p>{words.whatNext}</p>
        <Problem error={error} />
        <div className="actions">
          <button className="button primary" disabled={busy} data-testid="hand-in">
            {words.send}
          </button>
        </div>
      </form>
    </section>
  );
}

function Waiting({ done }: { done: HandedIn }) {
  return (
    <div data-testid="handed-in">
      <h1>{words.doneTitle}</h1>
      <p className="lead">{words.doneLead}</p>
      <Keys keys={done.keys} />
      <p>{words.doneCompare}</p>
      <div className="actions">
        <a className="button" href="/app/">
          {words.toSignIn}
        </a>
      </div>
    </div>
  );
}
