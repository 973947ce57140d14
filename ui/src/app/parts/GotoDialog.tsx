// "T": go to a time.

import { useState } from "react";
import type { Camera } from "../api.ts";
import { texts } from "../../messages/en.ts";
import { serverNow, toLocalInput, zoneName } from "../../video/clock.ts";
import { Dialog } from "./Dialog.tsx";

interface Props {
  camera: Camera;
  onClose: () => void;
  onGo: (at: number) => void;
}

export function GotoDialog({ camera, onClose, onGo }: Props) {
  const [when, setWhen] = useState(() => toLocalInput(serverNow() - 60_000));
  const at = new Date(when).getTime();
  return (
    <Dialog
      title={texts.goto.title}
      lead={texts.goto.lead(camera.name)}
      onClose={onClose}
      testid="goto-dialog"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onGo(at);
        }}
      >
        <div className="quick">
          {texts.goto.quick.map(([label, seconds]) => (
            <button
              key={label}
              type="button"
              className="button"
              onClick={() => onGo(serverNow() - seconds * 1000)}
            >
              {label}
            </button>
          ))}
        </div>
        <label className="labelled">
          {texts.goto.when(zoneName(at))}
          <input
            className="field"
            type="datetime-local"
            step="1"
            required
            data-first
            value={when}
            onChange={(event) => setWhen(event.target.value)}
          />
        </label>
        <div className="actions">
          <button type="button" className="button quiet" onClick={onClose}>
            {texts.cancel}
          </button>
          <button className="button primary" disabled={Number.isNaN(at)} data-testid="goto-submit">
            {texts.goto.go}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
