// "My account": where one is signed in, with which passkeys, and the way to one's own acts.

import { useState } from "react";
import { texts } from "../../messages/en.ts";
import { dateTime } from "../../video/clock.ts";
import type { Me } from "../api.ts";
import { useLoaded } from "../hooks.ts";
import { grouped } from "../parts/Keys.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { Problem } from "../parts/Problem.tsx";
import {
  endAllSessions,
  endSession,
  link,
  links as fetchLinks,
  passkeys as fetchPasskeys,
  sessions as fetchSessions,
  stopPasskey,
  unlink,
  type PasskeyRow,
  type SessionRow,
} from "../people.ts";
import { go } from "../router.ts";

const EVERY_MS = 10_000;
const words = texts.account;
const time = (iso: string): string => dateTime(Date.parse(iso));

interface Props {
  me: Me;
  onSignedOut: () => void;
}

export function Account({ me, onSignedOut }: Props) {
  return (
    <main className="page" data-testid="account">
      <h1>{me.name}</h1>
      <p className="lead">{words.lead}</p>
      <Sessions onSignedOut={onSignedOut} />
      <Passkeys />
      <Provider />
      <section className="block" aria-labelledby="own-acts">
        <h2 id="own-acts">{words.acts}</h2>
        <p>{words.actsText}</p>
        <a
          className="button"
          href="/app/accesses"
          onClick={(event) => {
            event.preventDefault();
            go("/app/accesses");
          }}
        >
          {texts.accesses.title}
        </a>
      </section>
    </main>
  );
}

function Sessions({ onSignedOut }: { onSignedOut: () => void }) {
  const { value: rows, error, reload } = useLoaded(fetchSessions, EVERY_MS);
  const [failed, setFailed] = useState<unknown>(null);
  const end = (row: SessionRow): void => {
    endSession(row.session)
      .then(() => (row.current ? onSignedOut() : reload()))
      .catch(setFailed);
  };
  const endAll = (): void => {
    endAllSessions().then(onSignedOut).catch(setFailed);
  };
  return (
    <section className="block" aria-labelledby="own-sessions">
      <h2 id="own-sessions">{words.sessions}</h2>
      <p>{words.sessionsLead}</p>
      <Problem error={failed ?? error} />
      <ul className="rows" data-testid="sessions">
        {rows?.map((row) => (
          <li key={row.session} data-current={row.current || undefined}>
            <div>
              <strong>{row.device === "" ? words.unknownDevice : row.device}</strong>{" "}
              {row.current && <span className="state">{words.current}</span>}
              <p>
                {[
                  words.how[row.how] ?? row.how,
                  words.since(time(row.created)),
                  words.seen(time(row.seen)),
                  row.purpose,
                ]
                  .filter((part) => part !== "")
                  .join(" · ")}
              </p>
            </div>
            <button
              type="button"
              className="button"
              aria-label={`${words.end}: ${row.device}`}
              onClick={() => end(row)}
            >
              {words.end}
            </button>
          </li>
        ))}
      </ul>
      <div className="actions">
        <button type="button" className="button" data-testid="end-all" onClick={endAll}>
          {words.endAll}
        </button>
      </div>
    </section>
  );
}

/** The city's identity provider, where one is set up. */
function Provider() {
  const { value, error, reload } = useLoaded(fetchLinks);
  const [failed, setFailed] = useState<unknown>(null);
  if (value === null || value.provider === null) return <Problem error={error} />;
  const begin = (): void => {
    link()
      .then(({ address }) => location.assign(address))
      .catch(setFailed);
  };
  const end = (): void => {
    unlink().then(reload).catch(setFailed);
  };
  return (
    <section className="block" aria-labelledby="own-provider">
      <h2 id="own-provider">{value.provider}</h2>
      <p>{value.linked ? words.linked : words.linkLead}</p>
      <Problem error={failed} />
      <button type="button" className="button" onClick={value.linked ? end : begin}>
        {value.linked ? words.unlink : words.link(value.provider)}
      </button>
    </section>
  );
}

function Passkeys() {
  const { value: rows, error, reload } = useLoaded(fetchPasskeys);
  const [lost, setLost] = useState<PasskeyRow | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const stop = (row: PasskeyRow): void => {
    stopPasskey(row.passkey)
      .then(reload)
      .catch(setFailed)
      .finally(() => setLost(null));
  };
  return (
    <section className="block" aria-labelledby="own-passkeys">
      <h2 id="own-passkeys">{words.passkeys}</h2>
      <Problem error={failed ?? error} />
      {rows?.length === 0 && <p>{words.noPasskeys}</p>}
      <ul className="rows" data-testid="passkeys">
        {rows?.map((row) => (
          <li key={row.passkey}>
            <div>
              <strong>{row.label}</strong> <code>{grouped(row.key_id)}</code>
              <p>
                {words.states[row.state]} ·{" "}
                {row.used === null ? words.neverUsed : words.used(time(row.used))}
                {row.synced && ` · ${texts.keyKinds.synced}`}
              </p>
            </div>
            {(row.state === "enrolled" || row.state === "waiting") && (
              <button
                type="button"
                className="button"
                aria-haspopup="dialog"
                onClick={() => setLost(row)}
              >
                {words.lost}
              </button>
            )}
          </li>
        ))}
      </ul>
      {lost !== null && (
        <Dialog
          title={words.lost}
          lead={words.lostAsk(lost.label)}
          onClose={() => setLost(null)}
          testid="lost-dialog"
        >
          <div className="actions">
            <button type="button" className="button quiet" onClick={() => setLost(null)}>
              {texts.cancel}
            </button>
            <button type="button" className="button primary" onClick={() => stop(lost)}>
              {words.lost}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
