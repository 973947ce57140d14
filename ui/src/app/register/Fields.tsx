// One field of a question: what is typed or chosen, as the log writes it.

import { useId, useState } from "react";
import type { Json, JsonObject } from "../../base/canonical.ts";
import { registerTexts as words } from "../../messages/register.ts";
import type { Overview } from "./api.ts";
import { DocumentInput } from "./DocumentInput.tsx";
import { Hint, Label, type Own } from "./label.tsx";
import { choiceLabel, type Field } from "./questions.ts";
import { Zones } from "./Zones.tsx";
import { fromUnits, linesOf, textsIn, toUnits, valueAt, withValue } from "./values.ts";

const texts = words.editor;
const DAY_S = 86_400;

interface Props {
  field: Field;
  record: JsonObject;
  overview: Overview;
  onValue: (value: Json | undefined) => void;
  /** For what says more than its own field: a retention class has one length for ever. */
  onRecord?: (record: JsonObject) => void;
}

export function FieldInput({ field, record, overview, onValue, onRecord }: Props) {
  const value = valueAt(record, field.path);
  const own = { field, value, onValue };
  switch (field.kind) {
    case "choice":
      return <Choices {...own} />;
    case "yesno":
      return <YesNo {...own} />;
    case "many":
      return <Many {...own} />;
    case "lines":
      return <Lines {...own} />;
    case "number":
      return <NumberInput {...own} />;
    case "hash":
      return <DocumentInput {...own} />;
    case "zones":
      return <Zones {...own} />;
    case "json":
      return <JsonInput {...own} />;
    case "law":
      return (
        <Choices
          {...own}
          field={{
            ...field,
            choices: overview.laws.map((name) => [name, choiceLabel("legal_profile", name)]),
          }}
        />
      );
    case "set":
      return (
        <Choices
          {...own}
          field={{
            ...field,
            choices: overview.sets.map(({ set, k, n }) => [set, `${set} (${k} / ${n})`]),
          }}
        />
      );
    case "named":
      return (
        <Select
          {...own}
          options={overview.records
            .filter(({ kind }) => kind === field.of)
            .map(({ id, name }) => [id, name])}
        />
      );
    case "rests":
      return <Rests {...own} overview={overview} />;
    case "class":
      return <ClassInput {...own} {...{ record, overview }} {...(onRecord ? { onRecord } : {})} />;
    default:
      return <TextInput {...own} />;
  }
}

function TextInput({ field, value, onValue }: Own) {
  const text = typeof value === "string" ? value : "";
  const moment = field.kind === "moment";
  const props = {
    className: "field",
    "data-testid": `field-${field.path}`,
    // The log has the first instant of a day; a day is what people choose.
    value: moment ? text.slice(0, 10) : text,
    onChange: (event: { target: { value: string } }) => {
      const typed = event.target.value;
      onValue(typed === "" ? undefined : typed);
    },
  };
  return (
    <label className="labelled">
      <span>
        <Label field={field} />
      </span>
      {field.kind === "long" ? (
        <textarea rows={4} maxLength={4000} {...props} />
      ) : (
        <input type={moment ? "date" : "text"} maxLength={400} {...props} />
      )}
      <Hint field={field} />
    </label>
  );
}

function NumberInput({ field, value, onValue }: Own) {
  const scale = field.scale ?? 1;
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed !== null && typed.trim() !== "" && toUnits(typed, scale) === undefined;
  return (
    <label className="labelled">
      <span>
        <Label field={field} />
      </span>
      <input
        className="field"
        inputMode="decimal"
        data-testid={`field-${field.path}`}
        aria-invalid={wrong}
        value={typed ?? fromUnits(value, scale)}
        onChange={(event) => {
          setTyped(event.target.value);
          onValue(toUnits(event.target.value, scale));
        }}
        onBlur={() => {
          if (!wrong) setTyped(null);
        }}
      />
      {wrong && <small className="bad">{texts.badNumber}</small>}
      <Hint field={field} />
    </label>
  );
}

function Choices({ field, value, onValue }: Own) {
  const name = useId();
  const options = field.choices ?? [];
  const none = field.optional === true ? [["", texts.noAnswer] as const] : [];
  return (
    <fieldset className="group">
      <legend>
        <Label field={field} />
      </legend>
      <div className={options.length > 4 ? "choices pairs" : "choices"}>
        {[...options, ...none].map(([option, label]) => (
          <label key={option} className="choice">
            <input
              type="radio"
              name={name}
              data-testid={`choice-${option}`}
              checked={(typeof value === "string" ? value : "") === option}
              onChange={() => onValue(option === "" ? undefined : option)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
      <Hint field={field} />
    </fieldset>
  );
}

function YesNo({ field, value, onValue }: Own) {
  const said = value === undefined ? undefined : value === true ? "yes" : "no";
  const choices = [
    ["yes", texts.yes],
    ["no", texts.no],
  ] as const;
  return (
    <Choices
      field={{ ...field, choices }}
      value={said}
      onValue={(next) => onValue(next === undefined ? undefined : next === "yes")}
    />
  );
}

function Select({
  field,
  value,
  onValue,
  options,
}: Own & { options: readonly (readonly [string, string])[] }) {
  if (options.length === 0) return null;
  return (
    <label className="labelled">
      <span>
        <Label field={field} />
      </span>
      <select
        className="field"
        value={typeof value === "string" ? value : ""}
        onChange={(event) => onValue(event.target.value === "" ? undefined : event.target.value)}
      >
        <option value="">{texts.noAnswer}</option>
        {options.map(([id, label]) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
      <Hint field={field} />
    </label>
  );
}

function Many({ field, value, onValue }: Own) {
  const chosen = textsIn(value);
  return (
    <fieldset className="group">
      <legend>
        <Label field={field} />
      </legend>
      <div className="choices pairs">
        {field.choices?.map(([option, label]) => (
          <label key={option} className="choice">
            <input
              type="checkbox"
              checked={chosen.includes(option)}
              onChange={(event) => {
                const next = event.target.checked
                  ? [...chosen, option]
                  : chosen.filter((one) => one !== option);
                onValue(next.length === 0 ? undefined : next);
              }}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Lines({ field, value, onValue }: Own) {
  const [typed, setTyped] = useState<string | null>(null);
  const lines = textsIn(value);
  const nobody = Array.isArray(value) && lines.length === 0;
  return (
    <div className="labelled">
      <label className="labelled">
        <span>
          <Label field={field} />
        </span>
        <textarea
          className="field"
          rows={2}
          disabled={nobody}
          value={typed ?? lines.join("\n")}
          onChange={(event) => {
            setTyped(event.target.value);
            const next = linesOf(event.target.value);
            onValue(next.length === 0 ? undefined : next);
          }}
          onBlur={() => setTyped(null)}
        />
        <small>{field.hint ?? texts.lines}</small>
      </label>
      <label className="choice">
        <input
          type="checkbox"
          data-testid={`nobody-${field.path}`}
          checked={nobody}
          onChange={(event) => onValue(event.target.checked ? [] : undefined)}
        />
        <span>{texts.nobody}</span>
      </label>
    </div>
  );
}

function Rests({ field, value, onValue, overview }: Own & { overview: Overview }) {
  const chosen = textsIn(value);
  const papers = ["legal-basis", "dpia", "contract", "opinion"];
  const offered = overview.records.filter(
    ({ kind, status, id }) =>
      (papers.includes(kind) && status === "active") || chosen.includes(`${kind}/${id}`),
  );
  const choices = offered.map(
    ({ kind, id, name, in_force: holds }) =>
      [
        `${kind}/${id}`,
        `${words.kinds[kind] ?? kind}: ${name}${holds ? "" : ` (${texts.notInForce})`}`,
      ] as const,
  );
  return offered.length === 0 ? (
    <p>{words.none}</p>
  ) : (
    <Many field={{ ...field, choices }} value={value} onValue={onValue} />
  );
}

function ClassInput({
  field,
  value,
  onValue,
  record,
  overview,
  onRecord,
}: Own & { record: JsonObject; overview: Overview; onRecord?: (record: JsonObject) => void }) {
  const list = useId();
  return (
    <label className="labelled">
      <span>
        <Label field={field} />
      </span>
      <input
        className="field"
        list={list}
        maxLength={63}
        data-testid={`field-${field.path}`}
        value={typeof value === "string" ? value : ""}
        onChange={(event) => {
          const name = event.target.value;
          const seconds = overview.classes[name];
          if (seconds === undefined || onRecord === undefined)
            onValue(name === "" ? undefined : name);
          else
            onRecord(withValue(withValue(record, field.path, name), "retention.seconds", seconds));
        }}
      />
      <datalist id={list}>
        {Object.entries(overview.classes).map(([name, seconds]) => (
          <option key={name} value={name}>
            {texts.lasts(seconds / DAY_S)}
          </option>
        ))}
      </datalist>
      <Hint field={field} />
    </label>
  );
}

function JsonInput({ field, value, onValue }: Own) {
  const [typed, setTyped] = useState(() => (value === undefined ? "" : JSON.stringify(value)));
  const [wrong, setWrong] = useState(false);
  return (
    <label className="labelled">
      <span>
        <Label field={field} />
      </span>
      <textarea
        className="field"
        rows={3}
        spellCheck={false}
        aria-invalid={wrong}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          const found = parsed(event.target.value);
          setWrong(found === "bad");
          if (found !== "bad") onValue(found?.value);
        }}
      />
      {wrong && <small>{texts.badJson}</small>}
    </label>
  );
}

function parsed(text: string): { value: Json } | undefined | "bad" {
  if (text.trim() === "") return undefined;
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return "bad";
  }
}
