// What a resident wrote, a decision among a few, and words that everybody reads.

import { useState } from "react";
import { texts } from "../../messages/en.ts";

interface Words {
  wrote: string;
  gone: string;
  outcome: string;
  outcomes: readonly (readonly [value: string, label: string])[];
  outcomeHint?: string;
  text: string;
  textHint: string;
  go: string;
}

export interface Given {
  outcome: string;
  text: string;
}

interface Props {
  words: Words;
  /** Empty once it is not kept any more. */
  letter: string;
  /** What is wrong with a decision and its words, or null. */
  fault: (outcome: string, text: string) => string | null;
  busy?: boolean;
  /** What was filled in before, where somebody comes back to it. */
  given?: Given;
  onClose: () => void;
  onDone: (outcome: string, text: string) => void;
}

export function AnswerForm(props: Props) {
  const { words, letter, fault, busy = false, given, onClose, onDone } = props;
  const [outcome, setOutcome] = useState(given?.outcome ?? "");
  const [text, setText] = useState(given?.text ?? "");
  const [found, setFound] = useState<string | null>(null);
  const first = words.outcomes[0]?.[0] ?? "";
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const wrong = fault(outcome, text);
        setFound(wrong);
        if (wrong === null) onDone(outcome, text.trim());
      }}
    >
      <p className="labelled">{words.wrote}</p>
      <blockquote className="letter">{letter === "" ? words.gone : letter}</blockquote>
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
        {words.outcomeHint !== undefined && <small>{words.outcomeHint}</small>}
      </fieldset>
      <label className="labelled">
        {words.text}
        <textarea
          className="field prose"
          rows={5}
          required
          aria-invalid={found !== null && fault(first, text) !== null}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <small>{words.textHint}</small>
      </label>
      {found !== null && (
        <p className="problem" role="alert" data-testid="answer-fault">
          {found}
        </p>
      )}
      <div className="actions">
        <button type="button" className="button quiet" onClick={onClose}>
          {texts.cancel}
        </button>
        <button className="button primary" disabled={busy} data-testid="answer">
          {words.go}
        </button>
      </div>
    </form>
  );
}
