// A new camera or another new record: its kind, its name, its id.

import { useState } from "react";
import { texts } from "../../messages/en.ts";
import { registerTexts } from "../../messages/register.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { Problem } from "../parts/Problem.tsx";
import { beginNew } from "./api.ts";
import { idFrom } from "./values.ts";

const words = registerTexts.begin;
/** Kinds whose records have no field `name`. */
const NAMELESS = ["legal-basis", "contract", "dpia", "opinion", "retention", "policy"];

interface Props {
  /** Kinds to choose from; none: a camera. */
  kinds: string[];
  onClose: () => void;
  onBegun: (draft: string) => void;
}

export function BeginDialog({ kinds, onClose, onBegun }: Props) {
  const [kind, setKind] = useState(kinds[0] ?? "camera");
  const [name, setName] = useState("");
  const [typed, setTyped] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const id = typed ?? idFrom(name);
  const begin = (): void => {
    setBusy(true);
    const started = NAMELESS.includes(kind) ? {} : { name };
    beginNew(kind, id, started)
      .then(({ draft }) => onBegun(draft))
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return (
    <Dialog
      title={kinds.length === 0 ? words.camera : words.record}
      lead={words.lead}
      onClose={onClose}
      testid="begin-dialog"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          begin();
        }}
      >
        {kinds.length > 0 && (
          <label className="labelled">
            {words.kind}
            <select
              className="field"
              value={kind}
              onChange={(event) => setKind(event.target.value)}
            >
              {kinds.map((one) => (
                <option key={one} value={one}>
                  {registerTexts.kinds[one] ?? one}
                </option>
              ))}
            </select>
          </label>
        )}
        <label className="labelled">
          {words.name}
          <input
            className="field"
            required
            maxLength={200}
            data-first
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label className="labelled">
          {words.id}
          <input
            className="field"
            required
            pattern="[a-z0-9][a-z0-9\-]{0,62}"
            value={id}
            onChange={(event) => setTyped(event.target.value)}
          />
          <small>{words.idHint}</small>
        </label>
        <Problem error={error} />
        <div className="actions">
          <button type="button" className="button quiet" onClick={onClose}>
            {texts.cancel}
          </button>
          <button className="button primary" data-testid="begin" disabled={busy}>
            {words.begin}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
