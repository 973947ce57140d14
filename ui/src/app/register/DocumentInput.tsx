// A document by its hash: the browser reads the file and keeps it to itself.

import { useState } from "react";
import { registerTexts } from "../../messages/register.ts";
import { Problem } from "../parts/Problem.tsx";
import { Label, type Own } from "./label.tsx";
import { sha256Hex } from "./values.ts";

const texts = registerTexts.editor;

export function DocumentInput({ field, value, onValue }: Own) {
  const [state, setState] = useState<{ name: string; error?: unknown } | null>(null);
  const read = (file: File): void => {
    setState({ name: texts.reading });
    sha256Hex(file).then(
      (hash) => {
        setState({ name: file.name });
        onValue(hash);
      },
      (error: unknown) => setState({ name: file.name, error }),
    );
  };
  return (
    <div className="labelled">
      <span>
        <Label field={field} />
      </span>
      <label className="button filepick">
        {texts.file}
        <input
          type="file"
          className="visually-hidden"
          data-testid={`file-${field.path}`}
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            if (file !== undefined) read(file);
          }}
        />
      </label>
      <small role="status">{state?.name ?? texts.fileHint}</small>
      <Problem error={state?.error} />
      <label className="labelled">
        {texts.hash}
        <input
          className="field hash"
          maxLength={64}
          spellCheck={false}
          data-testid={`field-${field.path}`}
          value={typeof value === "string" ? value : ""}
          onChange={(event) => {
            const typed = event.target.value.trim().toLowerCase();
            onValue(typed === "" ? undefined : typed);
          }}
        />
      </label>
    </div>
  );
}
