// What somebody asked to keep, by when it must be held, and what became of it.

import { useState } from "react";
import { roomTexts } from "../../messages/room.ts";
import { texts } from "../../messages/en.ts";
import { clockTime, dateTime } from "../../video/clock.ts";
import { cameraNames, type Me } from "../api.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import { SignDialog } from "../parts/SignDialog.tsx";
import type { Wording } from "../people.ts";
import { marks as fetchMarks, type Kept } from "../room.ts";
import { go, playbackPath } from "../router.ts";

const EVERY_MS = 10_000;
const words = roomTexts.marks;

/** In the order in which somebody must do something about them. */
const ORDER = ["open", "held", "lapsed", "destroyed"];

export function Marks({ me }: { me: Me }) {
  const { value, error, reload } = useLoaded(fetchMarks_, EVERY_MS);
  const { value: names } = useLoaded(cameraNames);
  const [holding, setHolding] = useState<Wording | null>(null);
  const list = [...(value ?? [])].sort(
    (a, b) =>
      ORDER.indexOf(a.state) - ORDER.indexOf(b.state) ||
      Date.parse(a.deadline) - Date.parse(b.deadline),
  );
  return (
    <main className="page" data-testid="marks">
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <Problem error={error} onRetry={reload} />
      {value?.length === 0 && (
        <div className="nothing">
          <h2>{words.empty}</h2>
          <p>{words.emptyHint}</p>
        </div>
      )}
      <ul className="cards">
        {list.map((mark) => (
          <Card
            key={mark.mark}
            mark={mark}
            name={names?.get(mark.camera) ?? mark.camera}
            may={me.may}
            onHold={() => setHolding({ type: "hold", body: { mark: mark.mark } })}
          />
        ))}
      </ul>
      {holding !== null && (
        <SignDialog
          wanted={holding}
          onClose={() => setHolding(null)}
          onSigned={() => {
            setHolding(null);
            reload();
          }}
        />
      )}
    </main>
  );
}

const fetchMarks_ = (): Promise<Kept[]> => fetchMarks();

export function whatBecame(mark: Kept): string {
  const time = (text: string | null): string => (text === null ? "" : dateTime(Date.parse(text)));
  if (mark.state === "open") return words.by(time(mark.deadline));
  if (mark.state === "held") return words.held(time(mark.held_until));
  return mark.state === "lapsed" ? words.lapsed(time(mark.lapses)) : words.destroyed;
}

interface CardProps {
  mark: Kept;
  name: string;
  may: string[];
  onHold: () => void;
}

function Card({ mark, name, may, onHold }: CardProps) {
  const at = Date.parse(mark.at);
  const address = playbackPath(mark.camera, at);
  return (
    <li className="card" data-testid={`mark-${mark.mark}`} data-state={mark.state}>
      <div>
        <h2>{name}</h2>
        <p>
          {dateTime(Date.parse(mark.from))} – {clockTime(Date.parse(mark.to))}
        </p>
        {mark.note !== "" && <p>{mark.note}</p>}
        <p className="quiet">
          {mark.mine ? words.mine : words.other(texts.roles[mark.role] ?? mark.role, mark.actor)} ·{" "}
          <a href={`/log/entry/${mark.entry}`} target="_blank" rel="noopener">
            {words.entry} {mark.entry}
          </a>
          {mark.hold !== null && (
            <>
              {" · "}
              <a href={`/log/entry/${mark.hold}`} target="_blank" rel="noopener">
                {words.holdEntry} {mark.hold}
              </a>
            </>
          )}
        </p>
        {mark.state === "open" && mark.short && <p className="warning">{words.short}</p>}
        {mark.state === "open" && may.includes("mark.hold") && (
          <Hold command={mark.command} onSign={onHold} />
        )}
      </div>
      <div className="side">
        <span className="state" data-state={mark.state === "open" ? "waiting" : mark.state}>
          {words.states[mark.state]}
        </span>
        <small className="quiet">{whatBecame(mark)}</small>
        {may.includes("playback") && mark.state !== "destroyed" && (
          <a
            href={address}
            onClick={(event) => {
              event.preventDefault();
              go(address);
            }}
          >
            {words.go}
          </a>
        )}
      </div>
    </li>
  );
}

/** The hold is signed with the supervisor's own key, on the supervisor's own machine. */
function Hold({ command, onSign }: { command: string; onSign: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <>
      <button
        type="button"
        className="button primary"
        aria-haspopup="dialog"
        data-testid="hold-passkey"
        onClick={onSign}
      >
        {words.holdPasskey}
      </button>
      <details data-testid="hold">
        <summary>{words.holdFile}</summary>
        <p>{words.holdLead}</p>
        <pre className="mono">{command}</pre>
        <button
          type="button"
          className="button"
          onClick={() => void navigator.clipboard.writeText(command).then(() => setCopied(true))}
        >
          {copied ? words.copied : words.copy}
        </button>
      </details>
    </>
  );
}
