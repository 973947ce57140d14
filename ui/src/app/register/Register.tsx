// "Register": what waits for this person, their drafts, the cameras, and what cameras rest on.

import { useCallback, useState } from "react";
import { texts } from "../../messages/en.ts";
import { registerTexts as words } from "../../messages/register.ts";
import type { Me } from "../api.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import { SignDialog } from "../parts/SignDialog.tsx";
import type { Wording } from "../people.ts";
import { go } from "../router.ts";
import { AnswerDialog } from "./AnswerDialog.tsx";
import {
  beginDraft,
  drafts as fetchDrafts,
  objections as fetchObjections,
  overview as fetchOverview,
  proposals as fetchProposals,
  reports as fetchReports,
  type ObjectionRow,
  type ReportRow,
} from "./api.ts";
import { BeginDialog } from "./BeginDialog.tsx";
import { CameraList, RecordList } from "./Lists.tsx";
import { ReportDialog } from "./ReportDialog.tsx";
import { Waiting } from "./Waiting.tsx";

const EVERY_MS = 10_000;
const nothing = (): Promise<never[]> => Promise.resolve([]);

export function Register({ me }: { me: Me }) {
  const may = (what: string): boolean => me.may.includes(what);
  const [drafting, approving, reading] = [
    may("register.draft"),
    may("register.approve"),
    may("letters"),
  ];
  const overview = useLoaded(fetchOverview, EVERY_MS);
  const drafts = useLoaded(drafting ? fetchDrafts : nothing, EVERY_MS);
  const proposals = useLoaded(approving ? fetchProposals : nothing, EVERY_MS);
  const objections = useLoaded(reading ? fetchObjections : nothing, EVERY_MS);
  const reports = useLoaded(reading ? fetchReports : nothing, EVERY_MS);
  const lists = [overview, drafts, proposals, objections, reports];
  const [signing, setSigning] = useState<Wording | null>(null);
  const [answering, setAnswering] = useState<ObjectionRow | null>(null);
  const [reporting, setReporting] = useState<ReportRow | null>(null);
  const [beginning, setBeginning] = useState<"camera" | "record" | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const reload = (): void => {
    for (const one of lists) one.reload();
    setRound((n) => n + 1);
  };
  const signed = ({ index }: { index: number }): void => {
    setSigning(null);
    setAnswering(null);
    setNotice(texts.signing.signed(index));
    reload();
  };
  const open = useCallback((draft: string) => go(`/app/register/draft/${draft}`), []);
  const change = (kind: string, id: string): void => {
    setFailed(null);
    const own = drafts.value?.find((one) => one.kind === kind && one.subject === id);
    if (own !== undefined) open(own.draft);
    else
      beginDraft(kind, id)
        .then(({ draft }) => open(draft))
        .catch(setFailed);
  };
  const loaded = lists.every(({ value }) => value !== null);
  const known = overview.value;
  const rights = { draft: drafting, revoke: may("register.revoke") };
  return (
    <main className="page register" data-testid="register">
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <p role="status" className="saved">
        {notice}
      </p>
      <Problem error={failed ?? lists.find(({ error }) => error !== null)?.error} />
      <Waiting
        proposals={proposals.value ?? []}
        objections={objections.value?.filter(({ outcome }) => outcome === null) ?? []}
        reports={reports.value ?? []}
        unanswered={known?.objections ?? 0}
        drafts={drafts.value ?? []}
        loaded={loaded}
        reads={reading}
        onAnswer={setAnswering}
        onReport={setReporting}
        onFail={setFailed}
        onChange={reload}
      />
      <section className="block" aria-labelledby="cameras">
        <div className="headed">
          <h2 id="cameras">
            {words.cameras}
            {known !== null && <small> {known.cameras}</small>}
          </h2>
          {drafting && (
            <span className="sides">
              <button
                type="button"
                className="button"
                data-testid="import-cameras"
                onClick={() => go("/app/register/import")}
              >
                {words.importFile}
              </button>
              <button
                type="button"
                className="button primary"
                data-testid="new-camera"
                aria-haspopup="dialog"
                onClick={() => setBeginning("camera")}
              >
                {words.newCamera}
              </button>
            </span>
          )}
        </div>
        <CameraList key={round} rights={rights} onChange={change} onSign={setSigning} />
      </section>
      <section className="block" aria-labelledby="records">
        <div className="headed">
          <h2 id="records">{words.records}</h2>
          {drafting && (
            <button
              type="button"
              className="button"
              data-testid="new-record"
              aria-haspopup="dialog"
              disabled={known === null}
              onClick={() => setBeginning("record")}
            >
              {words.newRecord}
            </button>
          )}
        </div>
        <p>{words.recordsLead}</p>
        <RecordList
          records={known?.records ?? []}
          rights={rights}
          onChange={change}
          onSign={setSigning}
        />
      </section>
      {beginning !== null && (
        <BeginDialog
          kinds={beginning === "camera" ? [] : (known?.kinds ?? [])}
          onClose={() => setBeginning(null)}
          onBegun={open}
        />
      )}
      {answering !== null && (
        <AnswerDialog objection={answering} onClose={() => setAnswering(null)} onSigned={signed} />
      )}
      {reporting !== null && (
        <ReportDialog
          report={reporting}
          onClose={() => setReporting(null)}
          onAnswered={() => {
            setReporting(null);
            setNotice(words.report.done(reporting.number));
            reload();
          }}
        />
      )}
      {signing !== null && (
        <SignDialog wanted={signing} onClose={() => setSigning(null)} onSigned={signed} />
      )}
    </main>
  );
}
