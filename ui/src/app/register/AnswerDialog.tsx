// A resident's objection and the answer that everybody reads.

import { useState } from "react";
import { texts } from "../../messages/en.ts";
import { registerTexts } from "../../messages/register.ts";
import { Dialog } from "../parts/Dialog.tsx";
import type { Wording } from "../people.ts";
import { answerFault } from "./answer.ts";
import type { ObjectionRow } from "./api.ts";

const words = registerTexts.answer;

interface Props {
  objection: ObjectionRow;
  onClose: () => void;
  onAnswer: (wanted: Wording) => void;
}

export function AnswerDialog({ objection, onClose, onAnswer }: Props) {
  const [outcome, setOutcome] = useState("");
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  return (
    <Dialog
      title={words.title(objection.number)}
      lead={words.lead}
      onClose={onClose}
      testid="answer-dialog"
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const found = answerFault(outcome, text);
          setFault(found);
          if (found !== null) return;
          onAnswer({
            type: "answer",
            body: { objections: [objection.number], outcome, text: text.trim() },
          });
        }}
      >
        <p className="labelled">{words.wrote}</p>
        <blockquote className="letter">
          {objection.text === "" ? words.gone : objection.text}
        </blockquote>
        <fieldset className="group">
          <legend>{words.outcome}</legend>
          <div className="choices">
            {words.outcomes.map(([value, label]) => (
              <label key={value} className="choice">
                <input
                  type="radio"
                  name="outcome"
                  required
                  checked={outcome === value}
                  onChange={() => setOutcome(value)}
                />
                <span>{label}</span>
              </label>
            ))}
          </div>
          <small>{words.outcomeHint}</small>
        </fieldset>
        <label className="labelled">
          {words.text}
          <textarea
            className="field prose"
            rows={5}
            required
            aria-invalid={fault !== null && answerFault(words.outcomes[0][0], text) !== null}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <small>{words.textHint}</small>
        </label>
        {fault !== null && (
          <p className="problem" role="alert" data-testid="answer-fault">
            {fault}
          </p>
        )}
        <div className="actions">
          <button type="button" className="button quiet" onClick={onClose}>
            {texts.cancel}
          </button>
          <button className="button primary" data-testid="answer">
            {words.go}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
