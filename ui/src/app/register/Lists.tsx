// The register's cameras, found and shown a page at a time, and the other records by kind.

import { useCallback, useDeferredValue, useState } from "react";
import { registerTexts as words } from "../../messages/register.ts";
import { dateTime } from "../../video/clock.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import type { Wording } from "../people.ts";
import { cameras as fetchCameras, type CameraRow, type RecordRow } from "./api.ts";

export interface Rights {
  draft: boolean;
  revoke: boolean;
}

interface Acts {
  rights: Rights;
  onChange: (kind: string, id: string) => void;
  onSign: (wanted: Wording) => void;
}

export function CameraList(acts: Acts) {
  const [find, setFind] = useState("");
  const [pages, setPages] = useState(1);
  const wanted = useDeferredValue(find);
  const load = useCallback(() => upTo(wanted, pages), [wanted, pages]);
  const { value, error } = useLoaded(load);
  const left = (value?.found ?? 0) - (value?.cameras.length ?? 0);
  return (
    <>
      <input
        className="field"
        type="search"
        aria-label={words.find}
        placeholder={words.find}
        value={find}
        onChange={(event) => {
          setFind(event.target.value);
          setPages(1);
        }}
      />
      <Problem error={error} />
      {value?.found === 0 && <p>{words.none}</p>}
      <ul className="rows" data-testid="cameras">
        {value?.cameras.map((row) => (
          <Camera key={row.id} row={row} {...acts} />
        ))}
      </ul>
      {left > 0 && (
        <button type="button" className="button" onClick={() => setPages(pages + 1)}>
          {words.more(left)}
        </button>
      )}
    </>
  );
}

async function upTo(find: string, pages: number): Promise<{ found: number; cameras: CameraRow[] }> {
  const first = await fetchCameras(find, 0);
  const all = [...first.cameras];
  for (let page = 1; page < pages && all.length < first.found; page += 1)
    all.push(...(await fetchCameras(find, all.length)).cameras);
  return { found: first.found, cameras: all };
}

function Camera({ row, rights, onChange, onSign }: Acts & { row: CameraRow }) {
  const stop = (status: string): void =>
    onSign({ type: "camera", body: { camera: row.id, status } });
  const removed = row.status === "removed";
  return (
    <li data-testid={`camera-${row.id}`} data-state={row.state}>
      <div>
        <strong>
          <a href={`/cameras/${encodeURIComponent(row.id)}`}>{row.name}</a>
        </strong>
        <p>
          {row.place} · {row.unit} · {row.id} · {words.version(row.version)}
        </p>
        {row.reason !== "" && <p>{row.reason}</p>}
      </div>
      <span className="sides">
        <span className="state" data-state={row.state}>
          {words.states[row.state]}
          {row.state === "notice" && ` ${words.noticeUntil(dateTime(Date.parse(row.effective)))}`}
        </span>
        {rights.draft && !removed && (
          <button type="button" className="button" onClick={() => onChange("camera", row.id)}>
            {row.status === "suspended" ? words.resume : words.change}
          </button>
        )}
        {rights.revoke && (row.status === "active" || row.state === "active") && (
          <button
            type="button"
            className="button"
            data-testid={`suspend-${row.id}`}
            aria-haspopup="dialog"
            onClick={() => stop("suspended")}
          >
            {words.suspend}
          </button>
        )}
        {rights.revoke && !removed && (
          <button
            type="button"
            className="button quiet"
            aria-haspopup="dialog"
            onClick={() => stop("removed")}
          >
            {words.remove}
          </button>
        )}
      </span>
    </li>
  );
}

export function RecordList({ records, ...acts }: Acts & { records: RecordRow[] }) {
  if (records.length === 0) return <p>{words.noRecords}</p>;
  return (
    <ul className="rows" data-testid="records">
      {records.map((row) => (
        <Record key={`${row.kind}/${row.id}`} row={row} {...acts} />
      ))}
    </ul>
  );
}

function Record({ row, rights, onChange, onSign }: Acts & { row: RecordRow }) {
  const state = row.status === "revoked" ? "revoked" : row.in_force ? "holds" : "not";
  return (
    <li data-testid={`record-${row.kind}-${row.id}`}>
      <div>
        <strong>{row.name}</strong>
        <p>
          {words.kinds[row.kind] ?? row.kind} · {row.kind}/{row.id} · {words.version(row.version)}
        </p>
      </div>
      <span className="sides">
        <span className="state" data-state={state}>
          {words.states[state]}
        </span>
        {rights.draft && (
          <button type="button" className="button" onClick={() => onChange(row.kind, row.id)}>
            {words.change}
          </button>
        )}
        {rights.revoke && row.status === "active" && (
          <button
            type="button"
            className="button quiet"
            aria-haspopup="dialog"
            onClick={() =>
              onSign({
                type: "record",
                body: { kind: row.kind, id: row.id, status: "revoked" },
              })
            }
          >
            {words.revoke}
          </button>
        )}
      </span>
    </li>
  );
}
