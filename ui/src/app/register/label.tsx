// What every field of a question has: its name, its hint, its value.

import type { Json } from "../../base/canonical.ts";
import { registerTexts } from "../../messages/register.ts";
import type { Field } from "./questions.ts";

const texts = registerTexts.editor;

export interface Own {
  field: Field;
  value: Json | undefined;
  onValue: (value: Json | undefined) => void;
}

export function Label({ field }: { field: Field }) {
  return (
    <>
      {field.label}
      {field.unit !== undefined && `, ${field.unit}`}
      {field.optional === true && <small className="beside"> ({texts.optional})</small>}
    </>
  );
}

export const Hint = ({ field }: { field: Field }) =>
  field.hint === undefined ? null : <small>{field.hint}</small>;
