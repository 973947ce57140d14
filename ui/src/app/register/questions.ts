// What the editor asks, one question at a time, and which question a field belongs to.

import type { JsonObject } from "../../base/canonical.ts";
import { registerTexts as words } from "../../messages/register.ts";
import type { KindField } from "./api.ts";
import { valueAt, withValue } from "./values.ts";

export type FieldKind =
  | "text"
  | "long"
  | "choice"
  | "many"
  | "lines"
  | "yesno"
  | "number"
  | "moment"
  | "hash"
  | "set"
  | "class"
  | "law"
  | "rests"
  | "named"
  | "zones"
  | "json";

export interface Field {
  path: string;
  kind: FieldKind;
  label: string;
  hint?: string;
  optional?: boolean;
  choices?: readonly (readonly [value: string, label: string])[];
  /** What one of the shown unit is in the log's: metres are 100 of the log's centimetres. */
  scale?: number;
  unit?: string;
  /** The kind of record whose ids are offered. */
  of?: string;
}

export interface Question {
  id: string;
  title: string;
  text?: string;
  fields: Field[];
  /** A plan to place the camera, or to turn it as well. */
  plan?: "place" | "view";
  when?: (record: JsonObject) => boolean;
}

type Extra = Partial<Omit<Field, "path" | "kind">>;

const field = (path: string, kind: FieldKind, extra: Extra = {}): Field => {
  const hint = words.hints[path];
  return {
    path,
    kind,
    label: words.fields[path] ?? path,
    ...(hint === undefined ? {} : { hint }),
    ...extra,
  };
};
const maybe = (path: string, kind: FieldKind, extra: Extra = {}): Field =>
  field(path, kind, { optional: true, ...extra });
const choices = (name: string): Extra => ({
  choices: Object.entries(words.choices[name] ?? {}),
});

const placed = (record: JsonObject): boolean => (record.kind ?? "pole") === "pole";

/** Where a moving camera is is never published, also if it hung somewhere in what was written. */
export function fitting(record: JsonObject): JsonObject {
  if (placed(record)) return record;
  return withValue(withValue(record, "position", undefined), "field_of_view", undefined);
}

const camera: [id: string, fields: Field[], more?: Partial<Question>][] = [
  ["law", [field("legal_profile", "law")]],
  ["kind", [field("kind", "choice", choices("kind"))]],
  ["name", [field("name", "text"), field("place", "text"), maybe("address", "text")]],
  ["purpose", [field("purpose", "long"), maybe("purpose_kind", "choice", choices("purpose_kind"))]],
  ["where", [field("position", "json")], { plan: "place", when: placed }],
  ["area", [field("area", "long")], { when: (record) => !placed(record) }],
  [
    "view",
    [
      maybe("direction", "text"),
      maybe("direction_degrees", "number", { unit: "°", scale: 1 }),
      maybe("angle_degrees", "number", { unit: "°", scale: 1 }),
      maybe("height_cm", "number", { unit: "m", scale: 100 }),
      maybe("width_pixels", "number", { unit: "px", scale: 1 }),
      maybe("density.nearest_cm", "number", { unit: "m", scale: 100 }),
      maybe("field_of_view", "json"),
    ],
    { plan: "view" },
  ],
  ["sees", [field("sees", "long"), maybe("sees_classes", "many", choices("sees_classes"))]],
  ["sensitive", [maybe("place_kind", "choice", choices("place_kind"))]],
  ["necessity", [maybe("necessity", "long")]],
  ["alternatives", [maybe("alternatives", "long")]],
  [
    "basis",
    [
      field("legal_basis.law", "text"),
      field("legal_basis.article", "text"),
      field("legal_basis.decision", "text"),
      field("legal_basis.valid_from", "moment"),
      field("legal_basis.valid_to", "moment"),
    ],
  ],
  [
    "dpia",
    [field("dpia.hash", "hash"), field("dpia.date", "moment"), field("dpia.review_due", "moment")],
  ],
  [
    "contract",
    [
      field("contract.number", "text"),
      field("contract.supplier", "text"),
      field("contract.value", "text"),
      field("contract.valid_to", "moment"),
    ],
  ],
  ["rests", [maybe("rests_on", "rests")]],
  [
    "retention",
    [
      field("retention.class", "class"),
      field("retention.seconds", "number", { unit: words.days, scale: 86_400 }),
      maybe("retention_reason", "long"),
    ],
  ],
  ["keys", [field("custodian_set", "set")]],
  [
    "hiding",
    [field("profile", "choice", choices("profile")), maybe("fill", "choice", choices("fill"))],
  ],
  ["zones", [maybe("zones", "zones")]],
  ["hours", [maybe("hours", "text")]],
  [
    "who",
    [
      field("controller", "text"),
      field("unit", "text"),
      field("contact", "text"),
      maybe("controller_id", "named", { of: "controller" }),
      maybe("unit_id", "named", { of: "unit" }),
    ],
  ],
  [
    "access",
    [
      maybe("vendor", "text"),
      maybe("maintainer", "text"),
      maybe("remote_access.possible", "yesno"),
      maybe("remote_access.who", "text"),
    ],
  ],
  [
    "recipients",
    [
      maybe("recipients", "lines"),
      maybe("storage.place", "text"),
      maybe("storage.country", "text"),
      maybe("transfers", "lines"),
    ],
  ],
  ["sign", [maybe("sign.photo_hash", "hash"), maybe("sign.date", "moment")]],
  ["complaints", [maybe("complaints", "long"), maybe("authority", "text")]],
  ["from", [maybe("valid_from", "moment")]],
];

const cameraQuestions: Question[] = camera.map(([id, fields, more = {}]) => {
  const said = words.questions[id];
  return {
    id,
    title: said?.[0] ?? id,
    ...(said?.[1] === undefined ? {} : { text: said[1] }),
    fields,
    ...more,
  };
});

export function questionsFor(kind: string, record: JsonObject, fields: KindField[]): Question[] {
  if (kind === "camera") return cameraQuestions.filter(({ when }) => when?.(record) ?? true);
  return fields.map((one) => {
    const label = fieldLabel(one.field);
    return {
      id: one.field,
      title: label,
      ...(one.help === "" ? {} : { text: one.help }),
      fields: [
        {
          path: one.field,
          kind: one.type,
          label,
          optional: !one.required,
          choices: one.choices.map((value) => [value, choiceLabel(one.field, value)] as const),
          scale: 1,
        },
      ],
    };
  });
}

export const fieldLabel = (path: string): string =>
  words.fields[path] ?? path.replace(/[._]/g, " ").replace(/^./, (letter) => letter.toUpperCase());

/** The same with the part that it belongs to, for lists of fields: "Contract: ends on". */
export function fullLabel(path: string): string {
  const [part = "", ...rest] = path.split(".");
  const named = words.parts[part];
  if (named === undefined) return fieldLabel(path);
  if (rest.length === 0) return named;
  return `${named}: ${fieldLabel(path).replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase())}`;
}

export const choiceLabel = (path: string, value: string): string =>
  words.choices[path]?.[value] ?? value;

/** What a legal profile calls by other names: where it is answered. */
const ELSEWHERE: Record<string, string> = {
  places: "place_kind",
  "set.k": "custodian_set",
  "set.n": "custodian_set",
  "set.organisations": "custodian_set",
};

const within = (path: string, other: string): boolean =>
  path === other || path.startsWith(`${other}.`) || other.startsWith(`${path}.`);

const partOf = (path: string): string => path.split(".")[0] ?? "";

/** The question at which a fault in this field is mended, if there is one. */
export function questionOf(path: string, questions: Question[]): Question | undefined {
  const wanted = path.includes("/") ? "rests_on" : (ELSEWHERE[path] ?? path);
  const whole = wanted.replace(/\.\d+.*$/, "");
  if (whole === "") return undefined;
  return (
    questions.find(({ fields }) => fields.some((one) => one.path === whole)) ??
    questions.find(({ fields }) => fields.some((one) => within(one.path, whole))) ??
    questions.find(({ fields }) => fields.some((one) => partOf(one.path) === partOf(whole)))
  );
}

/** Whether something is answered, and everything that must be, as far as the browser knows. */
export function answered(question: Question, record: JsonObject): boolean {
  const given = question.fields.filter(({ path }) => valueAt(record, path) !== undefined);
  return (
    given.length > 0 && question.fields.every((one) => one.optional === true || given.includes(one))
  );
}

/** The question with what a law demands no longer called optional. */
export function demanded(question: Question, required: string[]): Question {
  const fields = question.fields.map((one) => {
    const asked = required.some((path) => within(one.path, path) || sharesDensity(one.path, path));
    return asked ? { ...one, optional: false } : one;
  });
  return { ...question, fields };
}

/** Density is worked out, so whoever must state it gives the distance. */
const sharesDensity = (path: string, demand: string): boolean =>
  path === "density.nearest_cm" && partOf(demand) === "density";
