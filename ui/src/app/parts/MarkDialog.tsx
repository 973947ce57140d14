// "Mark this moment": a bookmark, and if wanted the draft of a request for the original.

import { useState, type ReactNode } from "react";
import { toBase64Url, utf8 } from "../../base/bytes.ts";
import { texts } from "../../messages/en.ts";
import { dateTime, toLocalInput, zoneName } from "../../video/clock.ts";
import { bookmark, draft as makeDraft, type Camera, type Draft, type Me } from "../api.ts";
import { Dialog } from "./Dialog.tsx";
import type { Wording } from "../people.ts";
import { go } from "../router.ts";
import { Problem } from "./Problem.tsx";
import { SignDialog } from "./SignDialog.tsx";

const AROUND_MS = 30_000;

interface Props {
  me: Me;
  camera: Camera;
  at: number;
  onClose: () => void;
}

/** The tools' page that signs this draft; it lies on another origin and gets no session of ours. */
export function signingAddress(me: Me, draft: Draft): string {
  const hash = new URLSearchParams({
    server: location.origin,
    draft: toBase64Url(utf8(JSON.stringify(draft))),
  });
  return `${me.tools_url ?? ""}/ask.html#${hash}`;
}

export function MarkDialog({ me, camera, at, onClose }: Props) {
  const [from, setFrom] = useState(() => toLocalInput(at - AROUND_MS));
  const [to, setTo] = useState(() => toLocalInput(at + AROUND_MS));
  const [purpose, setPurpose] = useState<string>(texts.mark.purposes[0][0]);
  const [caseNumber, setCase] = useState("");
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [saved, setSaved] = useState(false);
  const [draft, setDraft] = useState<Draft | null>(null);
  const span = { from: new Date(from).getTime(), to: new Date(to).getTime() };
  const mayAsk = me.may.includes("request.submit");

  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const save = (): Promise<void> =>
    run(async () => {
      await bookmark(camera.id, at, note);
      setSaved(true);
    });
  const ask = (): Promise<void> =>
    run(async () => {
      if (!saved) await bookmark(camera.id, at, note);
      setSaved(true);
      setDraft(await makeDraft({ camera: camera.id, ...span, purpose, case: caseNumber, note }));
    });

  if (draft !== null) return <Ready me={me} draft={draft} onClose={onClose} />;
  return (
    <Dialog title={texts.mark.title} lead={texts.mark.lead} onClose={onClose} testid="mark-dialog">
      <p className="facts">
        <strong>{camera.name}</strong> {dateTime(at)}
      </p>
      <Field label={texts.mark.note} hint={texts.mark.noteHint}>
        <input
          className="field"
          autoFocus
          maxLength={500}
          value={note}
          data-testid="mark-note"
          onChange={(event) => setNote(event.target.value)}
        />
      </Field>
      {mayAsk && (
        <fieldset className="group">
          <div className="pair">
            <Field label={texts.mark.from(zoneName(span.from))}>
              <input
                className="field"
                type="datetime-local"
                step="1"
                value={from}
                onChange={(event) => setFrom(event.target.value)}
              />
            </Field>
            <Field label={texts.mark.to(zoneName(span.to))}>
              <input
                className="field"
                type="datetime-local"
                step="1"
                value={to}
                onChange={(event) => setTo(event.target.value)}
              />
            </Field>
          </div>
          <Field label={texts.mark.purpose}>
            <select
              className="field"
              value={purpose}
              onChange={(event) => setPurpose(event.target.value)}
            >
              {texts.mark.purposes.map(([code, label]) => (
                <option key={code} value={code}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
          <Field label={texts.mark.case} hint={texts.mark.caseHint}>
            <input
              className="field"
              maxLength={120}
              value={caseNumber}
              onChange={(event) => setCase(event.target.value)}
            />
          </Field>
        </fieldset>
      )}
      {span.to < span.from && <p className="problem">{texts.mark.order}</p>}
      <Problem error={error} />
      <div className="actions">
        {saved && <span className="saved">{texts.mark.saved}</span>}
        <button type="button" className="button quiet" onClick={onClose}>
          {saved ? texts.close : texts.cancel}
        </button>
        <button
          type="button"
          className={mayAsk ? "button" : "button primary"}
          disabled={busy || saved}
          onClick={() => void save()}
          data-testid="mark-save"
        >
          {texts.mark.save}
        </button>
        {mayAsk && (
          <button
            type="button"
            className="button primary"
            disabled={busy || !(span.from <= span.to)}
            onClick={() => void ask()}
            data-testid="mark-ask"
          >
            {texts.mark.ask}
          </button>
        )}
      </div>
    </Dialog>
  );
}

function Ready({ me, draft, onClose }: { me: Me; draft: Draft; onClose: () => void }) {
  const [signing, setSigning] = useState<Wording | null>(null);
  if (signing !== null)
    return (
      <SignDialog
        wanted={signing}
        onClose={() => setSigning(null)}
        onSigned={() => go("/app/requests")}
      />
    );
  return (
    <Dialog
      title={texts.mark.ready}
      lead={texts.mark.askWhy}
      onClose={onClose}
      testid="draft-dialog"
    >
      <p className="facts">{texts.mark.windows(draft.body.windows?.length ?? 0)}</p>
      <div className="actions">
        <button type="button" className="button quiet" onClick={onClose}>
          {texts.close}
        </button>
        <a
          className="button"
          href={signingAddress(me, draft)}
          target="plainview-tools"
          rel="noopener"
          data-testid="draft-sign"
        >
          {texts.mark.sign}
        </a>
        <button
          type="button"
          className="button primary"
          data-testid="draft-passkey"
          aria-haspopup="dialog"
          onClick={() => setSigning({ type: "request", body: { draft: draft.draft } })}
        >
          {texts.signing.sign}
        </button>
      </div>
    </Dialog>
  );
}

function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <label className="labelled">
      <span>{label}</span>
      {children}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}
