// A few plain choices, or own words, and the number of an incident: why somebody watches.

import { useState, type ReactNode } from "react";
import { texts } from "../../messages/en.ts";
import { roomTexts } from "../../messages/room.ts";
import { Labelled } from "./Labelled.tsx";

interface Props {
  choices: string[];
  submit: string;
  busy: boolean;
  children?: ReactNode;
  onCancel?: () => void;
  onPurpose: (purpose: string, incident: string) => void;
}

export function PurposeForm({ choices, submit, busy, children, onCancel, onPurpose }: Props) {
  const [choice, setChoice] = useState(choices[0] ?? "");
  const [own, setOwn] = useState("");
  const [incident, setIncident] = useState("");
  const [empty, setEmpty] = useState(false);
  const purpose = choice === "" ? own.trim() : choice;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setEmpty(purpose === "");
        if (purpose !== "") onPurpose(purpose, incident.trim());
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
      <Labelled label={roomTexts.purpose.incident} hint={roomTexts.purpose.incidentHint}>
        <input
          className="field"
          maxLength={40}
          value={incident}
          data-testid="purpose-incident"
          onChange={(event) => setIncident(event.target.value)}
        />
      </Labelled>
      {children}
      {empty && (
        <p className="problem" role="alert">
          {roomTexts.purpose.empty}
        </p>
      )}
      <div className="actions">
        {onCancel !== undefined && (
          <button type="button" className="button quiet" onClick={onCancel}>
            {texts.cancel}
          </button>
        )}
        <button className="button primary" disabled={busy} data-testid="purpose-submit">
          {submit}
        </button>
      </div>
    </form>
  );
}
