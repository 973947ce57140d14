// A modal question. The browser's own dialog element holds focus inside; afterwards it goes back to
// where it was.

import { useEffect, useId, useRef, type ReactNode } from "react";

interface Props {
  title: string;
  lead?: string;
  onClose?: () => void;
  children: ReactNode;
  testid: string;
}

export function Dialog({ title, lead, onClose, children, testid }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal();
    // The browser focuses the first field; a dialog may name another that people mean to fill first.
    dialog?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className="dialog"
      data-testid={testid}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 id={heading}>{title}</h2>
      {lead !== undefined && <p className="lead">{lead}</p>}
      {children}
    </dialog>
  );
}
