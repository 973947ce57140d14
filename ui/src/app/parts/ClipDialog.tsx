// "C": a part of the playback as a file, with purpose and recipient, numbered.

import { useState } from "react";
import { download } from "../../base/download.ts";
import { roomTexts } from "../../messages/room.ts";
import { texts } from "../../messages/en.ts";
import { toLocalInput, zoneName } from "../../video/clock.ts";
import type { Range } from "../../video/timeline.ts";
import type { Camera, Me, Playback } from "../api.ts";
import { clip, type Clip } from "../room.ts";
import { Dialog } from "./Dialog.tsx";
import { Labelled } from "./Labelled.tsx";
import { Problem } from "./Problem.tsx";

const AROUND_MS = 60_000;
const LONGEST_MS = 600_000;
const words = roomTexts.clip;

interface Props {
  me: Me;
  camera: Camera;
  playback: Playback;
  at: number;
  onClose: () => void;
}

export function ClipDialog({ me, camera, playback, at, onClose }: Props) {
  const whole: Range = { from: playback.from, to: playback.to };
  const within = (time: number): number => Math.min(Math.max(time, whole.from), whole.to);
  const [from, setFrom] = useState(() => toLocalInput(within(at - AROUND_MS)));
  const [to, setTo] = useState(() => toLocalInput(within(at + AROUND_MS)));
  const [choice, setChoice] = useState(me.purposes?.[0] ?? "");
  const [own, setOwn] = useState("");
  const [incident, setIncident] = useState("");
  const [recipient, setRecipient] = useState("");
  const [bytes, setBytes] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [hint, setHint] = useState("");
  const [made, setMade] = useState<Clip | null>(null);
  // A field holds whole seconds; the playback need not begin at one.
  const span = { from: within(new Date(from).getTime()), to: within(new Date(to).getTime()) };
  const purpose = choice === "" ? own.trim() : choice;
  const busy = bytes !== null;

  const submit = (): void => {
    const wrong =
      purpose === "" || recipient.trim() === ""
        ? words.missing
        : !(span.from < span.to)
          ? words.order
          : span.to - span.from > LONGEST_MS
            ? words.long
            : "";
    setHint(wrong);
    if (wrong !== "") return;
    setBytes(0);
    setError(null);
    clip(playback.playback, { ...span, purpose, incident, recipient }, setBytes)
      .then((found) => {
        download(found.file, found.name);
        setMade(found);
      })
      .catch((reason: unknown) => setError(reason))
      .finally(() => setBytes(null));
  };

  return (
    <Dialog title={words.title} lead={words.lead} onClose={onClose} testid="clip-dialog">
      <p className="facts">
        <strong>{camera.name}</strong>
      </p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className="pair">
          <Labelled label={texts.mark.from(zoneName(span.from))}>
            <input
              className="field"
              type="datetime-local"
              step="1"
              value={from}
              onChange={(event) => setFrom(event.target.value)}
            />
          </Labelled>
          <Labelled label={texts.mark.to(zoneName(span.to))}>
            <input
              className="field"
              type="datetime-local"
              step="1"
              value={to}
              onChange={(event) => setTo(event.target.value)}
            />
          </Labelled>
        </div>
        <Labelled label={words.purpose}>
          <select
            className="field"
            value={choice}
            onChange={(event) => setChoice(event.target.value)}
          >
            {[...(me.purposes ?? []), ""].map((item) => (
              <option key={item} value={item}>
                {item === "" ? words.own : item}
              </option>
            ))}
          </select>
        </Labelled>
        {choice === "" && (
          <input
            className="field"
            maxLength={200}
            placeholder={texts.purpose.otherHint}
            aria-label={words.own}
            value={own}
            onChange={(event) => setOwn(event.target.value)}
          />
        )}
        <Labelled label={roomTexts.purpose.incident} hint={roomTexts.purpose.incidentHint}>
          <input
            className="field"
            maxLength={40}
            value={incident}
            onChange={(event) => setIncident(event.target.value)}
          />
        </Labelled>
        <Labelled label={words.recipient} hint={words.recipientHint}>
          <input
            className="field"
            data-first
            maxLength={200}
            value={recipient}
            data-testid="clip-recipient"
            onChange={(event) => setRecipient(event.target.value)}
          />
        </Labelled>
        {hint !== "" && (
          <p className="problem" role="alert">
            {hint}
          </p>
        )}
        <Problem error={error} />
        <div className="actions">
          <span className="saved" role="status">
            {made !== null && words.done(made.number)}
            {bytes !== null && words.making((bytes / 1e6).toFixed(1))}
          </span>
          <button type="button" className="button quiet" onClick={onClose} disabled={busy}>
            {made === null ? texts.cancel : texts.close}
          </button>
          <button
            className="button primary"
            disabled={busy || made !== null}
            data-testid="clip-submit"
          >
            {words.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
