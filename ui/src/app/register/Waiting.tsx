// What waits for this person: proposals to decide on, objections to answer, drafts to finish.

import { registerTexts as words } from "../../messages/register.ts";
import { dateTime } from "../../video/clock.ts";
import { go } from "../router.ts";
import {
  deleteDraft,
  type DraftRow,
  type ObjectionRow,
  type ProposalRow,
  type ReportRow,
} from "./api.ts";

interface Props {
  proposals: ProposalRow[];
  objections: ObjectionRow[];
  reports: ReportRow[];
  unanswered: number;
  drafts: DraftRow[];
  /** Whether everything was fetched: before, nobody knows that nothing waits. */
  loaded: boolean;
  /** Whether this person reads what residents wrote. */
  reads: boolean;
  onAnswer: (objection: ObjectionRow) => void;
  onReport: (report: ReportRow) => void;
  onFail: (error: unknown) => void;
  onChange: () => void;
}

const when = (iso: string): string => dateTime(Date.parse(iso));
const kindName = (kind: string): string => words.kinds[kind] ?? kind;

export function Waiting(props: Props) {
  const { proposals, objections, reports, unanswered, drafts, loaded, reads } = props;
  const letters = objections.length + reports.length;
  const empty = proposals.length === 0 && (reads ? letters : unanswered) === 0;
  return (
    <>
      <section className="block" aria-labelledby="waits" data-testid="waits">
        <h2 id="waits">{words.waiting}</h2>
        {empty && loaded && <p>{words.nothing}</p>}
        {!reads && unanswered > 0 && <p>{words.objectionsWait(unanswered)}</p>}
        <ul className="cards">
          {proposals.map((row) => (
            <Proposed key={row.proposal} row={row} />
          ))}
          {objections.map((row) => (
            <li key={row.number} className="card" data-testid={`objection-${row.number}`}>
              <div>
                <h2>{words.objection(row.number, row.camera)}</h2>
                <p className="letter">{row.text}</p>
                <p className="quiet">{when(row.received)}</p>
              </div>
              <div className="side">
                <button
                  type="button"
                  className="button primary"
                  aria-haspopup="dialog"
                  onClick={() => props.onAnswer(row)}
                >
                  {words.answerIt}
                </button>
              </div>
            </li>
          ))}
          {reports.map((row) => (
            <Reported key={row.number} row={row} onReport={() => props.onReport(row)} />
          ))}
        </ul>
      </section>
      {drafts.length > 0 && (
        <section className="block" aria-labelledby="drafts" data-testid="drafts">
          <h2 id="drafts">{words.drafts}</h2>
          <p>{words.draftsLead}</p>
          <ul className="rows">
            {drafts.map((row) => (
              <Drafted key={row.draft} row={row} onFail={props.onFail} onChange={props.onChange} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Reported({ row, onReport }: { row: ReportRow; onReport: () => void }) {
  const begun = row.state === "looked_into";
  return (
    <li className="card" data-testid={`report-${row.number}`}>
      <div>
        <h2>{words.reported(row.number, row.place)}</h2>
        <p className="letter">{row.text}</p>
        <p className="quiet">
          {when(row.received)}
          {begun && ` · ${words.lookedInto}`}
        </p>
      </div>
      <div className="side">
        <button
          type="button"
          className={begun ? "button" : "button primary"}
          aria-haspopup="dialog"
          onClick={onReport}
        >
          {words.sayWhatBecame}
        </button>
      </div>
    </li>
  );
}

function Proposed({ row }: { row: ProposalRow }) {
  const state = row.stale ? words.stale : row.own ? words.own : words.until(when(row.ends));
  return (
    <li className="card" data-testid={`proposal-${row.subject}`}>
      <div>
        <h2>{words.toApprove(row.name, row.by)}</h2>
        <p>
          {kindName(row.kind)} · {row.subject} · {words.version(row.version)}
        </p>
        <p className="quiet">{state}</p>
      </div>
      <div className="side">
        <button
          type="button"
          className={row.may_approve && !row.stale ? "button primary" : "button"}
          data-testid="read-proposal"
          onClick={() => go(`/app/register/proposal/${row.proposal}`)}
        >
          {words.readIt}
        </button>
      </div>
    </li>
  );
}

interface DraftedProps {
  row: DraftRow;
  onFail: (error: unknown) => void;
  onChange: () => void;
}

function Drafted({ row, onFail, onChange }: DraftedProps) {
  const name = row.name ?? row.subject;
  return (
    <li data-testid={`draft-${row.subject}`}>
      <div>
        <strong>{name}</strong>
        <p>
          {kindName(row.kind)} · {row.subject} ·{" "}
          {row.waits === true ? words.proposed : words.changed(when(row.changed))}
        </p>
      </div>
      <span className="sides">
        <button
          type="button"
          className="button"
          onClick={() => go(`/app/register/draft/${row.draft}`)}
        >
          {words.go}
        </button>
        <button
          type="button"
          className="button quiet"
          onClick={() => {
            if (confirm(words.discardSure(name))) deleteDraft(row.draft).then(onChange, onFail);
          }}
        >
          {words.discard}
        </button>
      </span>
    </li>
  );
}
