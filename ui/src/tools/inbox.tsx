// A list of requests as the server tells it: believed only as far as choosing what to look at.

import { useEffect, useState } from "react";
import type { JsonObject } from "../base/canonical.ts";
import { isObject } from "../log/entries.ts";
import { texts } from "../messages/tools.ts";
import type { Server } from "../release/server.ts";
import { clockTime, dayOf } from "../video/clock.ts";
import { Failure } from "./parts.tsx";
import { useNames } from "./useNames.ts";

const EVERY_MS = 3_000;

interface Props {
  server: Server;
  filter: (row: JsonObject) => boolean;
  empty: [string, string];
  action: (row: JsonObject) => string | null;
  state: (row: JsonObject) => string;
  onChoose: (hash: string) => void;
}

export function Inbox({ server, filter, empty, action, state, onChoose }: Props) {
  const [rows, setRows] = useState<JsonObject[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const names = useNames(server);
  useEffect(() => {
    const load = (): void => {
      server.get("/api/requests").then((answer) => {
        setRows(Array.isArray(answer) ? answer.filter(isObject) : []);
        setError(null);
      }, setError);
    };
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => clearInterval(timer);
  }, [server]);

  const shown = rows?.filter(filter);
  if (error !== null) return <Failure error={error} />;
  if (shown?.length === 0) {
    return (
      <section className="empty">
        <h2>{empty[0]}</h2>
        <p className="lead">{empty[1]}</p>
      </section>
    );
  }
  return (
    <ul className="inbox" data-testid="inbox">
      {shown?.map((row) => (
        <Row
          key={text(row, "request")}
          row={row}
          camera={names.get(text(row, "camera"))?.name ?? text(row, "camera")}
          action={action(row)}
          state={state(row)}
          onChoose={onChoose}
        />
      ))}
    </ul>
  );
}

const text = (row: JsonObject, name: string): string =>
  typeof row[name] === "string" ? row[name] : "";

function Row({
  row,
  camera,
  action,
  state,
  onChoose,
}: {
  row: JsonObject;
  camera: string;
  action: string | null;
  state: string;
  onChoose: (hash: string) => void;
}) {
  const [from, to] = [Date.parse(text(row, "from")), Date.parse(text(row, "to"))];
  const hash = text(row, "request");
  return (
    <li data-testid={`row-${hash}`}>
      <div>
        <strong>{texts.purposes[text(row, "purpose")] ?? text(row, "purpose")}</strong>
        <p>
          {camera} ·{" "}
          {Number.isNaN(from) ? "" : `${dayOf(from)}, ${clockTime(from)} – ${clockTime(to)}`}
        </p>
      </div>
      <span className="state">{state}</span>
      {action !== null && (
        <button
          type="button"
          className="button primary"
          onClick={() => onChoose(hash)}
          data-testid="choose"
        >
          {action}
        </button>
      )}
    </li>
  );
}
