// A camera that somebody saw and that is not on the list, and what everybody reads of it.

import { useState } from "react";
import { registerTexts } from "../../messages/register.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { Problem } from "../parts/Problem.tsx";
import { reportFault } from "./answer.ts";
import { AnswerForm } from "./AnswerForm.tsx";
import { answerReport, type ReportRow } from "./api.ts";

const words = registerTexts.report;

interface Props {
  report: ReportRow;
  onClose: () => void;
  onAnswered: () => void;
}

export function ReportDialog({ report, onClose, onAnswered }: Props) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const publish = (state: string, reply: string): void => {
    setBusy(true);
    setError(null);
    answerReport(report.number, state, reply)
      .then(onAnswered)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return (
    <Dialog
      title={words.title(report.number)}
      lead={words.lead}
      onClose={onClose}
      testid="report-dialog"
    >
      <AnswerForm
        words={words}
        letter={report.text}
        fault={reportFault}
        busy={busy}
        onClose={onClose}
        onDone={publish}
      />
      <Problem error={error} />
    </Dialog>
  );
}
