// A resident's objection and the answer that everybody reads.

import { useState } from "react";
import { registerTexts } from "../../messages/register.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { SignDialog } from "../parts/SignDialog.tsx";
import type { Wording } from "../people.ts";
import { answerFault } from "./answer.ts";
import { AnswerForm, type Given } from "./AnswerForm.tsx";
import type { ObjectionRow } from "./api.ts";

const words = registerTexts.answer;

interface Props {
  objection: ObjectionRow;
  onClose: () => void;
  onSigned: (entry: { index: number }) => void;
}

export function AnswerDialog({ objection, onClose, onSigned }: Props) {
  const [given, setGiven] = useState<Given>();
  const [signing, setSigning] = useState<Wording | null>(null);
  if (signing !== null)
    return <SignDialog wanted={signing} onClose={() => setSigning(null)} onSigned={onSigned} />;
  return (
    <Dialog
      title={words.title(objection.number)}
      lead={words.lead}
      onClose={onClose}
      testid="answer-dialog"
    >
      <AnswerForm
        words={words}
        letter={objection.text}
        fault={answerFault}
        onClose={onClose}
        {...(given === undefined ? {} : { given })}
        onDone={(outcome, text) => {
          setGiven({ outcome, text });
          setSigning({ type: "answer", body: { objections: [objection.number], outcome, text } });
        }}
      />
    </Dialog>
  );
}
