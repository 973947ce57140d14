// Parts that all tools pages share: frame, key file, facts of a request, lines that tick off.

import { useEffect, useEffectEvent, useState, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import type { JsonObject } from "../base/canonical.ts";
import { CheckFailed, messageOf, ServerError } from "../base/errors.ts";
import { texts } from "../messages/tools.ts";
import { readKeyFile, type KeyFile } from "../release/keyfile.ts";
import { originOf, Server } from "../release/server.ts";
import { dateTime, clockTime, dayOf } from "../video/clock.ts";
import { Mark } from "../app/parts/Icon.tsx";
import {
  readParameters,
  rememberedServer,
  rememberServer,
  tellFailure,
  type Parameters,
  type Step,
} from "./page.ts";
import type { Line } from "./useChecks.ts";

export function show(page: ReactNode): void {
  const root = document.getElementById("root");
  if (root !== null) createRoot(root).render(page);
}

export function Frame({
  name,
  onForget,
  children,
}: {
  name?: string;
  onForget?: () => void;
  children: ReactNode;
}) {
  return (
    <>
      <header className="top">
        <a href="./index.html" className="brand">
          <Mark />
          <span>
            {texts.brand} <small>{texts.tools}</small>
          </span>
        </a>
        {name !== undefined && (
          <span className="you" data-testid="you">
            <small>{texts.key.you}</small> <strong>{name}</strong>
            {onForget !== undefined && (
              <button type="button" className="button quiet" onClick={onForget}>
                {texts.key.forget}
              </button>
            )}
          </span>
        )}
      </header>
      <main className="sheet">{children}</main>
    </>
  );
}

export interface Ready {
  key: KeyFile;
  server: Server;
  parameters: Parameters;
}

/** Asks for what is missing (key file, server), then shows the page's own work. */
export function Gate({ step, children }: { step: Step; children: (ready: Ready) => ReactNode }) {
  const [parameters, setParameters] = useState<Parameters | null>(null);
  const [key, setKey] = useState<KeyFile | null>(null);
  const [server, setServer] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const failed = useEffectEvent((reason: unknown, origin: string | null) => {
    setError(reason);
    tellFailure(origin, step, reason);
  });

  useEffect(() => {
    const begin = async (): Promise<void> => {
      let origin: string | null = null;
      try {
        const given = readParameters(location.hash);
        origin = given.server;
        setParameters(given);
        setServer(given.server);
        if (given.demo !== null) setKey(await demoKey(given.demo));
      } catch (reason) {
        failed(reason, origin);
      }
    };
    void begin();
    const reload = (): void => location.reload();
    window.addEventListener("hashchange", reload);
    return () => window.removeEventListener("hashchange", reload);
  }, []);

  if (error !== null) {
    return (
      <Frame>
        <Failure error={error} />
      </Frame>
    );
  }
  if (parameters === null || (parameters.demo !== null && key === null))
    return <Frame>{null}</Frame>;
  if (key === null) {
    return (
      <Frame>
        <KeyPicker step={step} onKey={setKey} />
      </Frame>
    );
  }
  const forget = (): void => setKey(null);
  return (
    <Frame name={key.name} {...(parameters.demo === null ? { onForget: forget } : {})}>
      {server === null ? (
        <ServerPicker onServer={setServer} />
      ) : (
        <Connected
          key={server}
          origin={server}
          keyFile={key}
          parameters={parameters}
          render={children}
        />
      )}
    </Frame>
  );
}

interface ConnectedProps {
  origin: string;
  keyFile: KeyFile;
  parameters: Parameters;
  render: (ready: Ready) => ReactNode;
}

function Connected({ origin, keyFile, parameters, render }: ConnectedProps) {
  const [server] = useState(() => new Server(origin, keyFile));
  return render({ key: keyFile, server, parameters: { ...parameters, server: origin } });
}

async function demoKey(role: string): Promise<KeyFile> {
  const answer = await fetch(`/demo-keys/${role}.json`, { cache: "no-store" });
  if (!answer.ok)
    throw new CheckFailed("demo-key", "The demonstration offers no key for this role.", role);
  return readKeyFile(await answer.text());
}

function KeyPicker({ step, onKey }: { step: Step; onKey: (key: KeyFile) => void }) {
  const [error, setError] = useState<unknown>(null);
  const [over, setOver] = useState(false);
  const take = (file: File | undefined): void => {
    file?.text().then(readKeyFile).then(onKey, setError);
  };
  return (
    <section
      className="drop"
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
    >
      <p className="eyebrow">{texts.key.before[step]}</p>
      <h1>{texts.key.title}</h1>
      <p className="lead">{texts.key.lead}</p>
      <label className="button primary">
        {texts.key.choose}
        <input
          type="file"
          accept=".json,application/json"
          className="hidden"
          data-testid="key-file"
          onChange={(event) => take(event.target.files?.[0])}
        />
      </label>
      <small>{texts.key.drop}</small>
      {error !== null && <Failure error={error} small />}
    </section>
  );
}

function ServerPicker({ onServer }: { onServer: (server: string) => void }) {
  const [address, setAddress] = useState(rememberedServer);
  const [error, setError] = useState<unknown>(null);
  return (
    <form
      className="drop"
      onSubmit={(event) => {
        event.preventDefault();
        try {
          const origin = originOf(address);
          rememberServer(origin);
          onServer(origin);
        } catch (reason) {
          setError(reason);
        }
      }}
    >
      <h1>{texts.server.title}</h1>
      <input
        className="field"
        type="url"
        required
        aria-label={texts.server.field}
        placeholder="https://"
        value={address}
        onChange={(event) => setAddress(event.target.value)}
      />
      <button className="button primary">{texts.server.use}</button>
      {error !== null && <Failure error={error} small />}
    </form>
  );
}

/** Red, with the name of what did not hold. */
export function Failure({
  error,
  small,
  onRetry,
}: {
  error: unknown;
  small?: boolean;
  onRetry?: () => void;
}) {
  const code = error instanceof CheckFailed || error instanceof ServerError ? error.code : "";
  const detail =
    error instanceof CheckFailed ? error.detail : error instanceof ServerError ? error.hint : "";
  return (
    <section className="failure" role="alert" data-testid="failure" data-code={code}>
      {small !== true && <strong>{texts.failed}</strong>}
      <p className="reason">{messageOf(error)}</p>
      {small !== true && error instanceof CheckFailed && <p>{texts.failedLead}</p>}
      {(code !== "" || detail !== "") && (
        <details>
          <summary>{texts.expert}</summary>
          <code>
            {code} {detail}
          </code>
        </details>
      )}
      {onRetry !== undefined && (
        <button type="button" className="button" onClick={onRetry}>
          {texts.tryAgain}
        </button>
      )}
    </section>
  );
}

export function Checks({ lines, waiting }: { lines: Line[]; waiting: boolean }) {
  return (
    <ol className="checks" data-testid="checks">
      {lines.map(({ name, state, said }) => (
        <li key={name} data-state={state} data-testid={`check-${name}`}>
          <Tick state={state} />
          <span>
            {texts.checks[name]}
            {name === "logged" && waiting && <small className="breathing">{texts.waiting}</small>}
            {name === "logged" && state === "held" && <small>{texts.witnesses(said)}</small>}
            {name === "signature" && state === "held" && <small>{said}</small>}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Tick({ state }: { state: Line["state"] }) {
  return (
    <svg viewBox="0 0 24 24" className="tick" aria-label={state}>
      <circle cx="12" cy="12" r="10" />
      {state === "held" && <path d="M7.500 12.300l3 3 6-6.300" />}
      {state === "failed" && <path d="M8.500 8.500l7 7m0-7l-7 7" />}
    </svg>
  );
}

/** A camera's name, and who says so: the log (proven) or only the server. */
export interface Named {
  name: string;
  place: string;
  proven: boolean;
}

export interface RequestFacts {
  purpose: string;
  detail: JsonObject;
  windows: number;
  camera?: Named | null | undefined;
  by?: string | undefined;
  expires: string | number;
}

export function Facts({ purpose, detail, windows, camera, by, expires }: RequestFacts) {
  const text = (name: string): string => (typeof detail[name] === "string" ? detail[name] : "");
  const [from, to] = [Date.parse(text("from")), Date.parse(text("to"))];
  const until = typeof expires === "number" ? expires : Date.parse(expires);
  const why = texts.purposes[purpose] ?? purpose;
  const own = text("purpose");
  const rows: [string, ReactNode][] = [
    [texts.facts.camera, <CameraFact key="camera" id={text("camera")} camera={camera} />],
    [texts.facts.time, `${dayOf(from)}, ${clockTime(from)} – ${clockTime(to)}`],
    [texts.facts.case, text("case") || texts.facts.none],
    ...(text("note") === "" ? [] : [[texts.facts.note, text("note")] as [string, string]]),
    ...(by === undefined ? [] : [[texts.facts.by, by] as [string, string]]),
    [texts.facts.windows, texts.facts.recordings(windows)],
    [texts.facts.until, dateTime(until)],
  ];
  return (
    <section className="facts" data-testid="facts">
      <p className="why">
        <small>{texts.facts.purpose}</small>
        {own === "" || own === purpose ? why : own}
      </p>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function CameraFact({ id, camera }: { id: string; camera: Named | null | undefined }) {
  if (camera === null || camera === undefined) return <>{id}</>;
  const said = camera.proven ? texts.facts.byLog : texts.facts.byServer;
  return (
    <>
      {camera.name}
      <small>
        {[camera.place === camera.name ? "" : camera.place, id, said].filter(Boolean).join(" · ")}
      </small>
    </>
  );
}

export function Done({
  title,
  lead,
  children,
}: {
  title: string;
  lead: string;
  children?: ReactNode;
}) {
  return (
    <section className="done" data-testid="done" role="status">
      <Tick state="held" />
      <div>
        <h2>{title}</h2>
        <p>{lead}</p>
        {children}
      </div>
    </section>
  );
}
