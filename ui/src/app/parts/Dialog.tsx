// A modal question. The browser's own dialog element keeps focus and Escape right.

import { useEffect, useRef, type ReactNode } from "react";

interface Props {
  title: string;
  lead?: string;
  onClose?: () => void;
  children: ReactNode;
  testid: string;
}

export function Dialog({ title, lead, onClose, children, testid }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    ref.current?.showModal();
    // The browser focuses the first field; a dialog may name another that people mean to fill first.
    ref.current?.querySelector<HTMLElement>("[data-first]")?.focus();
  }, []);
  return (
    <dialog
      ref={ref}
      className="dialog"
      data-testid={testid}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2>{title}</h2>
      {lead !== undefined && <p className="lead">{lead}</p>}
      {children}
    </dialog>
  );
}
