// "K": ask that 15 minutes be kept; then by when somebody must hold them.

import { useState } from "react";
import { roomTexts } from "../../messages/room.ts";
import { texts } from "../../messages/en.ts";
import { dateTime } from "../../video/clock.ts";
import type { Camera } from "../api.ts";
import { keep, type Kept } from "../room.ts";
import { go } from "../router.ts";
import { Dialog } from "./Dialog.tsx";
import { Labelled } from "./Labelled.tsx";
import { Problem } from "./Problem.tsx";

interface Props {
  camera: Camera;
  at: number;
  onClose: () => void;
  onKept?: () => void;
}

const words = roomTexts.keep;

export function KeepDialog({ camera, at, onClose, onKept }: Props) {
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [kept, setKept] = useState<Kept | null>(null);

  const submit = (): void => {
    setBusy(true);
    setError(null);
    keep(camera.id, at, note)
      .then((made) => {
        setKept(made);
        onKept?.();
      })
      .catch((reason: unknown) => setError(reason))
      .finally(() => setBusy(false));
  };

  if (kept !== null) {
    const deadline = dateTime(Date.parse(kept.deadline));
    return (
      <Dialog title={words.done} onClose={onClose} testid="kept-dialog">
        <p className="lead">{words.doneLead(deadline)}</p>
        {kept.short && (
          <p className="warning" data-testid="kept-short">
            {words.short(deadline)}
          </p>
        )}
        <div className="actions">
          <button type="button" className="button quiet" onClick={() => go("/app/marks")}>
            {words.show}
          </button>
          <button type="button" className="button primary" autoFocus onClick={onClose}>
            {texts.close}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={words.title} lead={words.lead} onClose={onClose} testid="keep-dialog">
      <p className="facts">
        <strong>{camera.name}</strong> {dateTime(at)}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Labelled label={words.note} hint={words.noteHint}>
          <input
            className="field"
            data-first
            maxLength={500}
            value={note}
            data-testid="keep-note"
            onChange={(event) => setNote(event.target.value)}
          />
        </Labelled>
        <Problem error={error} />
        <div className="actions">
          <button type="button" className="button quiet" onClick={onClose}>
            {texts.cancel}
          </button>
          <button className="button primary" disabled={busy} data-testid="keep-submit">
            {words.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
