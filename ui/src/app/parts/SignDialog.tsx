// "Read it, then sign it": a statement in plain words, signed with the person's own passkey.

import { useCallback, useEffect, useRef, useState } from "react";
import { canonicalText } from "../../base/canonical.ts";
import { concat, fromBase64, utf8 } from "../../base/bytes.ts";
import { commitment, isObject } from "../../log/entries.ts";
import { texts } from "../../messages/en.ts";
import { useLoaded } from "../hooks.ts";
import { challengeFits, signWithPasskey } from "../passkeys.ts";
import { draftStatement, finishStatement, type DraftedStatement, type Wording } from "../people.ts";
import { Dialog } from "./Dialog.tsx";
import { Problem } from "./Problem.tsx";

/** What every statement's signature begins with (docs/design/interfaces.md). */
const CONTEXT = utf8("plainview/statement/v1\n");

/** The case that is shown is the one that the statement commits to. */
function committed({ document, detail, salt }: DraftedStatement): boolean {
  const body = isObject(document.body) ? document.body : {};
  if (body.detail_commitment === undefined) return true;
  return commitment(detail, fromBase64(salt)) === body.detail_commitment;
}

interface Props {
  wanted: Wording;
  onClose: () => void;
  onSigned: (entry: { index: number; hash: string }) => void;
}

export function SignDialog({ wanted, onClose, onSigned }: Props) {
  const load = useCallback(() => draftStatement(wanted), [wanted]);
  const { value: drafted, error: refused, reload } = useLoaded(load);
  const [busy, setBusy] = useState(false);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const words = texts.signing;
  // Whoever closes the dialog signs nothing, whatever the authenticator still asks.
  const asking = useRef(new AbortController());
  useEffect(() => () => asking.current.abort(), []);

  const sign = async (made: DraftedStatement, signal: AbortSignal): Promise<void> => {
    if (made.options === null) throw new Error(words.noPasskey);
    const message = concat(CONTEXT, utf8(canonicalText(made.document)));
    if (!(await challengeFits(made.options, message)) || !committed(made))
      throw new Error(words.another);
    const answer = await signWithPasskey(made.options, signal);
    if (signal.aborted) return;
    setSending(true);
    onSigned(await finishStatement(made.draft, answer));
  };
  const start = (): void => {
    if (drafted === null) return;
    setBusy(true);
    setError(null);
    asking.current = new AbortController();
    const { signal } = asking.current;
    sign(drafted, signal)
      .catch((reason: unknown) => {
        if (signal.aborted) return;
        setError(reason);
        reload(); // a draft is good for one attempt
      })
      .finally(() => {
        setBusy(false);
        setSending(false);
      });
  };
  // What is on its way cannot be taken back; its answer is shown.
  const close = (): void => {
    if (!sending) onClose();
  };

  return (
    <Dialog
      title={drafted?.summary.title ?? words.title}
      lead={words.lead}
      onClose={close}
      testid="sign-dialog"
    >
      {drafted !== null && (
        <>
          <dl className="said" data-testid="summary">
            {drafted.summary.lines.map(({ label, value }) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <details>
            <summary>{texts.requests.check}</summary>
            <p className="mono">{canonicalText(drafted.document)}</p>
            {drafted.salt !== "" && <p className="mono">{canonicalText(drafted.detail)}</p>}
          </details>
        </>
      )}
      <Problem error={refused} />
      <Problem error={error} />
      <div className="actions">
        <button type="button" className="button quiet" disabled={sending} onClick={close}>
          {texts.cancel}
        </button>
        <button
          type="button"
          className="button primary"
          data-testid="sign"
          data-first
          disabled={busy || drafted === null}
          onClick={start}
        >
          {words.sign}
        </button>
      </div>
    </Dialog>
  );
}
