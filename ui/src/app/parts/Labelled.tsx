// A field with its label and a hint.

import type { ReactNode } from "react";

interface Props {
  label: string;
  hint?: string;
  children: ReactNode;
}

export function Labelled({ label, hint, children }: Props) {
  return (
    <label className="labelled">
      <span>{label}</span>
      {children}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}
