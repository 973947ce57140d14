// Requests for originals: one's own, or those that wait for one's share.

import { useState } from "react";
import { cameraNames, requests as fetchRequests, type Me, type RequestRow } from "../api.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import { RefuseDialog } from "../parts/RefuseDialog.tsx";
import { texts } from "../../messages/en.ts";
import { dateTime, clockTime, dayOf } from "../../video/clock.ts";

const EVERY_MS = 3_000;

export function Requests({ me }: { me: Me }) {
  const { value: rows, error, reload } = useLoaded(fetchRequests, EVERY_MS);
  const { value: names } = useLoaded(cameraNames);
  const custodian = me.roles.includes("custodian");
  const [refusing, setRefusing] = useState<RequestRow | null>(null);
  const words = texts.requests;
  return (
    <main className="page" data-testid="requests">
      <h1>{words.title}</h1>
      <p className="lead">{custodian ? words.lead.waiting : words.lead.mine}</p>
      <Problem error={error} onRetry={reload} />
      {rows?.length === 0 && (
        <div className="nothing">
          <h2>{words.empty}</h2>
          <p>{custodian ? words.emptyCustodian : words.emptyMine}</p>
        </div>
      )}
      <ul className="cards">
        {rows?.map((row) => (
          <Row
            key={row.request}
            row={row}
            camera={names?.get(row.camera) ?? row.camera}
            toolsUrl={me.tools_url ?? ""}
            onRefuse={custodian ? () => setRefusing(row) : null}
          />
        ))}
      </ul>
      {refusing !== null && (
        <RefuseDialog
          request={refusing.request}
          onClose={() => {
            setRefusing(null);
            reload();
          }}
        />
      )}
    </main>
  );
}

const purposeText = (code: string): string =>
  texts.mark.purposes.find(([known]) => known === code)?.[1] ?? code;

interface RowProps {
  row: RequestRow;
  camera: string;
  toolsUrl: string;
  onRefuse: (() => void) | null;
}

function Row({ row, camera, toolsUrl, onRefuse }: RowProps) {
  const words = texts.requests;
  const [from, to] = [Date.parse(row.from), Date.parse(row.to)];
  const have =
    row.windows.length === 0 ? 0 : Math.min(...row.windows.map(({ releases }) => releases));
  const page = row.mine ? "open.html" : "custodian.html";
  const hash = new URLSearchParams({ server: location.origin, request: row.request });
  const offered = row.mine
    ? ["open", "opened"].includes(row.state)
    : ["requested", "releasing"].includes(row.state);
  return (
    <li className="card" data-testid={`request-${row.request}`} data-state={row.state}>
      <div>
        <h2>{purposeText(row.purpose)}</h2>
        <p>
          <strong>{camera}</strong> · {dayOf(from)}, {clockTime(from)} – {clockTime(to)}
        </p>
        <p className="quiet">
          {row.requester !== undefined && !row.mine && (
            <>
              {words.by} {row.requester} ·{" "}
            </>
          )}
          {words.until} {dateTime(Date.parse(row.expires))}
        </p>
        <details>
          <summary>{words.check}</summary>
          <p className="mono">
            {words.hash}: {row.request}
          </p>
        </details>
      </div>
      <div className="side">
        <span className="state" data-state={row.state}>
          {words.states[row.state] ?? row.state}
        </span>
        <Shares have={have} k={row.k} n={row.n} />
        {offered && (
          <a
            className="button primary"
            href={`${toolsUrl}/${page}#${hash}`}
            target="plainview-tools"
            rel="noopener"
          >
            {row.mine ? words.open : words.review}
          </a>
        )}
        {offered && !row.mine && row.answered !== true && onRefuse !== null && (
          <button
            type="button"
            className="button quiet"
            aria-haspopup="dialog"
            data-testid="refuse"
            onClick={onRefuse}
          >
            {words.refuse}
          </button>
        )}
      </div>
    </li>
  );
}

/** One dot a custodian; the filled ones released. */
function Shares({ have, k, n }: { have: number; k: number; n: number }) {
  const label = texts.requests.shares(have, k);
  return (
    <span className="shares" title={label}>
      {Array.from({ length: n }, (_, i) => (
        <i key={i} data-on={i < have || undefined} />
      ))}
      <small>{label}</small>
    </span>
  );
}
