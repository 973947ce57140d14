// "My accesses": what the log holds of this person, in clear words.

import { acts as fetchActs, cameraNames, type Act, type Me } from "../api.ts";
import { useLoaded } from "../hooks.ts";
import { go, playbackPath } from "../router.ts";
import { CheckIt } from "../parts/CheckIt.tsx";
import { Problem } from "../parts/Problem.tsx";
import { texts } from "../../messages/en.ts";
import { roomTexts } from "../../messages/room.ts";
import { clockTime, dateTime, dayOf, shortTime } from "../../video/clock.ts";

const EVERY_MS = 5_000;

export function Accesses({ me }: { me: Me }) {
  const { value, error, reload } = useLoaded(fetchActs, EVERY_MS);
  const { value: names } = useLoaded(cameraNames);
  const acts = value === null ? [] : [...value].sort((a, b) => timeOf(b) - timeOf(a));
  const days = Map.groupBy(acts, (act) => dayOf(timeOf(act)));
  return (
    <main className="page" data-testid="accesses">
      <h1>{texts.accesses.title}</h1>
      <p className="lead">{texts.accesses.lead}</p>
      <Problem error={error} onRetry={reload} />
      {value?.length === 0 && (
        <div className="nothing">
          <h2>{texts.accesses.empty}</h2>
          <p>{texts.accesses.emptyHint}</p>
        </div>
      )}
      {[...days].map(([day, list]) => (
        <section key={day}>
          <h2 className="day">{day}</h2>
          <ol className="acts">
            {list.map((act, i) => (
              <ActRow
                key={`${String(act.entry)} ${i}`}
                act={act}
                names={names}
                playsBack={me.may.includes("playback")}
              />
            ))}
          </ol>
        </section>
      ))}
    </main>
  );
}

const timeOf = (act: Act): number => moment(act.time);

interface ActProps {
  act: Act;
  names: Map<string, string> | null;
  playsBack: boolean;
}

function ActRow({ act, names, playsBack }: ActProps) {
  const detail = typeof act.detail === "object" && act.detail !== null ? (act.detail as Act) : act;
  const kind = [act.act, act.type].find((name) => typeof name === "string") ?? "";
  const words = ["camera", "purpose", "recipient", "note", "case"]
    .map((key) => detail[key])
    .filter((value): value is string => typeof value === "string" && value !== "")
    .map((value) => names?.get(value) ?? value);
  const span = [detail.from, detail.to].map(readable).filter((time) => time !== "");
  const at = readable(detail.at);
  const marked = ["bookmark", "mark"].includes(kind) && playsBack ? moment(detail.at) : NaN;
  return (
    <li>
      <time title={dateTime(timeOf(act))}>{shortTime(timeOf(act))}</time>
      <div>
        <strong>{roomTexts.acts[kind] ?? texts.accesses.acts[kind] ?? kind}</strong>
        <p>{[...words, span.join(" – "), at].filter((text) => text !== "").join(" · ")}</p>
        {typeof detail.camera === "string" && !Number.isNaN(marked) && (
          <Again address={playbackPath(detail.camera, marked)} />
        )}
        {typeof act.entry === "number" && <CheckIt entry={act.entry} />}
      </div>
      {typeof act.entry === "number" && (
        <a href={`/log/entry/${act.entry}`} target="_blank" rel="noopener">
          {texts.accesses.entry} {act.entry}
        </a>
      )}
    </li>
  );
}

function Again({ address }: { address: string }) {
  return (
    <a
      href={address}
      onClick={(event) => {
        event.preventDefault();
        go(address);
      }}
    >
      {texts.accesses.again}
    </a>
  );
}

const moment = (value: unknown): number =>
  typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : NaN;

function readable(value: unknown): string {
  const ms = moment(value);
  return Number.isNaN(ms) ? "" : clockTime(ms);
}
