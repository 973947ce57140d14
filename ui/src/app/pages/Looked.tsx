// "Who looked": what all staff did, as far as the log says it today.

import { useCallback, useState } from "react";
import { roomTexts } from "../../messages/room.ts";
import { texts } from "../../messages/en.ts";
import { clockTime, dateTime, dayOf } from "../../video/clock.ts";
import { cameraNames } from "../api.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import { accesses as fetchAccesses, type Access } from "../room.ts";

const EVERY_MS = 10_000;
const words = roomTexts.looked;

export function Looked() {
  const [older, setOlder] = useState<Access[]>([]);
  const [next, setNext] = useState<number | null | undefined>(undefined);
  const [mineOnly, setMineOnly] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const load = useCallback(() => fetchAccesses(null), []);
  const { value, error, reload } = useLoaded(load, EVERY_MS);
  const { value: names } = useLoaded(cameraNames);
  const newest = value?.accesses ?? [];
  const last = newest.at(-1)?.entry ?? Infinity;
  const rows = [...newest, ...older.filter(({ entry }) => entry < last)].filter(
    ({ mine }) => mine || !mineOnly,
  );
  const from = next === undefined ? (value?.next ?? null) : next;

  const more = (): void => {
    fetchAccesses(from)
      .then((page) => {
        setOlder((known) => [...known, ...page.accesses]);
        setNext(page.next);
      })
      .catch((reason: unknown) => setFault(reason));
  };

  return (
    <main className="page wide" data-testid="looked">
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <label className="choice inline">
        <input
          type="checkbox"
          checked={mineOnly}
          onChange={(event) => setMineOnly(event.target.checked)}
        />
        <span>{words.mineOnly}</span>
      </label>
      <Problem error={error ?? fault} onRetry={reload} />
      <table className="table">
        <thead>
          <tr>
            {Object.entries(words.columns).map(([key, label]) => (
              <th key={key} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.entry} row={row} names={names} />
          ))}
        </tbody>
      </table>
      {from !== null && (
        <button type="button" className="button" onClick={more} data-testid="older">
          {words.older}
        </button>
      )}
    </main>
  );
}

function Row({ row, names }: { row: Access; names: Map<string, string> | null }) {
  const time = Date.parse(row.time);
  return (
    <tr data-testid={`access-${row.entry}`} data-mine={row.mine || undefined}>
      <td>
        <time title={dateTime(time)}>
          {dayOf(time)}, {clockTime(time)}
        </time>
      </td>
      <td>
        {texts.roles[row.role] ?? row.role} <code>{row.actor}</code>
        {row.mine && <em> {words.you}</em>}
      </td>
      <td>{roomTexts.acts[row.act] ?? texts.accesses.acts[row.act] ?? row.act}</td>
      <td>{about(row, names)}</td>
      <td>
        <a href={`/log/entry/${row.entry}`} target="_blank" rel="noopener">
          {row.entry}
        </a>
      </td>
    </tr>
  );
}

function about(row: Access, names: Map<string, string> | null): string {
  if (row.detail === null) return words.sealed;
  const { camera, purpose, recipient } = row.detail;
  return [
    camera === undefined ? "" : (names?.get(camera) ?? camera),
    purpose ?? "",
    recipient === undefined ? "" : words.to(recipient),
  ]
    .filter((text) => text !== "")
    .join(" · ");
}
