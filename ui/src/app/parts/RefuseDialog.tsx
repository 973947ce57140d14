// A custodian refuses a request: the reason, which is public for ever, then the passkey.

import { useState } from "react";
import { texts } from "../../messages/en.ts";
import type { Wording } from "../people.ts";
import { Dialog } from "./Dialog.tsx";
import { Labelled } from "./Labelled.tsx";
import { SignDialog } from "./SignDialog.tsx";

interface Props {
  request: string;
  onClose: () => void;
}

export function RefuseDialog({ request, onClose }: Props) {
  const [reason, setReason] = useState("");
  const [signing, setSigning] = useState<Wording | null>(null);
  const words = texts.requests;
  if (signing !== null)
    return <SignDialog wanted={signing} onClose={() => setSigning(null)} onSigned={onClose} />;
  return (
    <Dialog title={words.refuse} lead={words.refuseLead} onClose={onClose} testid="refuse-dialog">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setSigning({ type: "refusal", body: { request, reason: reason.trim() } });
        }}
      >
        <Labelled label={words.reason} hint={words.reasonHint}>
          <input
            className="field"
            data-first
            required
            maxLength={500}
            value={reason}
            data-testid="refuse-reason"
            onChange={(event) => setReason(event.target.value)}
          />
        </Labelled>
        <div className="actions">
          <button type="button" className="button quiet" onClick={onClose}>
            {texts.cancel}
          </button>
          <button
            className="button primary"
            disabled={reason.trim() === ""}
            data-testid="refuse-next"
          >
            {words.refuse}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
