// A few plain choices, or a few own words: why somebody watches.

import { useState, type ReactNode } from "react";
import { texts } from "../../messages/en.ts";

interface Props {
  choices: string[];
  submit: string;
  busy: boolean;
  children?: ReactNode;
  onCancel?: () => void;
  onPurpose: (purpose: string) => void;
}

export function PurposeForm({ choices, submit, busy, children, onCancel, onPurpose }: Props) {
  const [choice, setChoice] = useState(choices[0] ?? "");
  const [own, setOwn] = useState("");
  const purpose = choice === "" ? own.trim() : choice;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (purpose !== "") onPurpose(purpose);
      }}
    >
      <div className="choices" role="radiogroup" aria-label={texts.purpose.label}>
        {[...choices, ""].map((item) => (
          <label key={item} className="choice">
            <input
              type="radio"
              name="purpose"
              checked={choice === item}
              onChange={() => setChoice(item)}
            />
            <span>{item === "" ? texts.purpose.other : item}</span>
          </label>
        ))}
      </div>
      {choice === "" && (
        <input
          className="field"
          autoFocus
          maxLength={200}
          placeholder={texts.purpose.otherHint}
          aria-label={texts.purpose.other}
          value={own}
          onChange={(event) => setOwn(event.target.value)}
        />
      )}
      {children}
      <div className="actions">
        {onCancel !== undefined && (
          <button type="button" className="button quiet" onClick={onCancel}>
            {texts.cancel}
          </button>
        )}
        <button
          className="button primary"
          disabled={busy || purpose === ""}
          data-testid="purpose-submit"
        >
          {submit}
        </button>
      </div>
    </form>
  );
}
