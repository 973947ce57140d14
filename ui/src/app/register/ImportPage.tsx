// Many cameras out of one file: choose it, look at what it would change, then make drafts.

import { useState } from "react";
import { texts } from "../../messages/en.ts";
import { registerTexts } from "../../messages/register.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import { go } from "../router.ts";
import {
  importDrafts,
  importLook,
  LARGEST_IMPORT,
  overview as fetchOverview,
  type ImportLook,
  type ImportRow,
} from "./api.ts";
import { BackLink } from "./Editor.tsx";
import { choiceLabel, fullLabel } from "./questions.ts";
import { valueText } from "./Review.tsx";

const words = registerTexts.importing;
const STATES = ["wrong", "new", "changed", "unchanged"] as const;
/** Rows that are shown at once; a file may have thousands. */
const SHOWN = 200;

export function ImportPage() {
  const [file, setFile] = useState<File | null>(null);
  const [law, setLaw] = useState("");
  const [look, setLook] = useState<ImportLook | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState<{ drafts: number; kept: string[] } | null>(null);
  const laws = useLoaded(fetchOverview).value?.laws ?? [];
  const busily = <T,>(work: Promise<T>, then: (value: T) => void): void => {
    setBusy(true);
    setError(null);
    work.then(then, setError).finally(() => setBusy(false));
  };
  const ask = (chosen: File | null, under: string): void => {
    setFile(chosen);
    setLaw(under);
    setLook(null);
    setDone(null);
    setError(null);
    if (chosen === null) return;
    if (chosen.size > LARGEST_IMPORT) setError(new Error(words.tooLarge));
    else busily(importLook(chosen, under), setLook);
  };
  const drafts = look?.rows.filter(({ state, draft }) => made(state) && !draft).length ?? 0;
  return (
    <main className="page register importing" data-testid="import">
      <BackLink />
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <div className="under">
        <label className="button primary filepick">
          {words.choose}
          <input
            type="file"
            accept=".csv,.geojson,.json"
            className="visually-hidden"
            data-testid="import-file"
            onChange={(event) => {
              const [chosen] = event.target.files ?? [];
              event.target.value = ""; // so that the same file, mended, can be chosen again
              if (chosen !== undefined) ask(chosen, law);
            }}
          />
        </label>
        <label className="ratio">
          {words.law}
          <select className="field" value={law} onChange={(event) => ask(file, event.target.value)}>
            <option value="">{words.noLaw}</option>
            {laws.map((name) => (
              <option key={name} value={name}>
                {choiceLabel("legal_profile", name)}
              </option>
            ))}
          </select>
        </label>
        <small>{file?.name ?? words.hint}</small>
      </div>
      <Problem error={error} />
      {busy && (
        <p className="breathing" role="status">
          {texts.loading}
        </p>
      )}
      {done !== null && <Done {...done} />}
      {look !== null && done === null && (
        <>
          <Found look={look} features={/json$/i.test(file?.name ?? "")} />
          <div className="actions">
            <button
              type="button"
              className="button primary"
              data-testid="import-drafts"
              disabled={busy || !look.sound || drafts === 0}
              onClick={() => file && busily(importDrafts(file, law), setDone)}
            >
              {words.make(drafts)}
            </button>
          </div>
        </>
      )}
    </main>
  );
}

const made = (state: ImportRow["state"]): boolean => state === "new" || state === "changed";

function Done({ drafts, kept }: { drafts: number; kept: string[] }) {
  return (
    <div className="facts" role="status" data-testid="import-done">
      <p>{words.done(drafts)}</p>
      {kept.length > 0 && <p>{words.kept(kept.join(", "))}</p>}
      <button type="button" className="button" onClick={() => go("/app/register")}>
        {words.toDrafts}
      </button>
    </div>
  );
}

function Found({ look, features }: { look: ImportLook; features: boolean }) {
  const [only, setOnly] = useState<ImportRow["state"] | null>(null);
  const count = (state: ImportRow["state"]): number =>
    look.rows.filter((one) => one.state === state).length;
  const order = (row: ImportRow): number => STATES.indexOf(row.state);
  const rows = look.rows
    .filter(({ state }) => only === null || state === only)
    .sort((one, other) => order(one) - order(other) || one.row - other.row);
  return (
    <section className="block" aria-labelledby="found">
      <h2 id="found">{words.found(look.rows.length)}</h2>
      <div className="segments" role="group" aria-label={words.show}>
        <button type="button" aria-pressed={only === null} onClick={() => setOnly(null)}>
          {words.all}
        </button>
        {STATES.map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={only === state}
            disabled={count(state) === 0}
            data-testid={`only-${state}`}
            onClick={() => setOnly(state)}
          >
            {words.states[state]} {count(state)}
          </button>
        ))}
      </div>
      {!look.sound && (
        <p className="problem" role="alert">
          {words.unsound}
        </p>
      )}
      {look.streams > 0 && <p>{words.streams(look.streams)}</p>}
      <table className="changes" data-testid="import-rows">
        <thead>
          <tr>
            <th scope="col">{words.camera}</th>
            <th scope="col">{words.state}</th>
            <th scope="col">{words.what}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, SHOWN).map((row) => (
            <Row key={row.row} row={row} features={features} />
          ))}
        </tbody>
      </table>
      {rows.length > SHOWN && <p>{words.left(rows.length - SHOWN)}</p>}
    </section>
  );
}

function Row({ row, features }: { row: ImportRow; features: boolean }) {
  return (
    <tr data-state={row.state} data-testid={`import-row-${row.row}`}>
      <th scope="row">
        {row.camera === "" ? words.noId : row.camera}
        <small>
          {features ? words.feature(row.row) : words.line(row.row)}
          {row.name !== "" && ` · ${row.name}`}
        </small>
      </th>
      <td data-label={words.state}>
        <span className="state" data-state={row.state === "wrong" ? "blocked" : row.state}>
          {words.states[row.state]}
        </span>
      </td>
      <td data-label={words.what}>
        {row.draft && made(row.state) && <p>{words.hasDraft}</p>}
        <What row={row} />
      </td>
    </tr>
  );
}

function What({ row }: { row: ImportRow }) {
  if (row.state === "wrong")
    return (
      <ul className="faults">
        {row.faults.map((fault, index) => (
          <li key={index}>{fault}</li>
        ))}
      </ul>
    );
  if (row.state === "new") return words.newFields(row.changes.length);
  if (row.state === "unchanged") return words.nothing;
  return (
    <ul className="faults">
      {row.changes.map(({ field, old, new: then }) => (
        <li key={field}>
          {fullLabel(field)}: {valueText(field, old)} → {valueText(field, then)}
        </li>
      ))}
    </ul>
  );
}
