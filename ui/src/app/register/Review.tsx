// A record before it is proposed or approved: what residents will read, what is missing, what changes.

import type { ReactNode } from "react";
import { canonicalText, type Json, type JsonObject } from "../../base/canonical.ts";
import { registerTexts } from "../../messages/register.ts";
import type { Overview, Review } from "./api.ts";
import { choiceLabel, fullLabel, questionOf, type Question } from "./questions.ts";
import { fromUnits, positionText, valueAt } from "./values.ts";

const words = registerTexts.review;
const DAY_S = 86_400;
const HOUR_S = 3_600;
/** What a resident asks first, in this order; the rest stands below "everything". */
const READ = [
  "place",
  "position",
  "sees",
  "direction",
  "area",
  "hours",
  "legal_basis.law",
  "legal_basis.article",
  "legal_basis.decision",
  "legal_basis.valid_to",
  "dpia.review_due",
  "retention.seconds",
  "profile",
  "zones",
  "custodian_set",
  "recipients",
  "controller",
  "unit",
  "contact",
  "contract.supplier",
  "contract.value",
  "complaints",
  "authority",
];

interface Props {
  review: Review;
  kind: string;
  title: string;
  overview: Overview;
  questions: Question[];
  /** Absent where nothing can be mended: a proposal is what it is. */
  onMend?: (question: string) => void;
  children: ReactNode;
}

export function ReviewPage({ review, kind, title, overview, questions, onMend, children }: Props) {
  const notice = overview.notice_seconds;
  const errors = review.findings.filter(({ severity }) => severity === "error");
  const warnings = review.findings.filter(({ severity }) => severity === "warning");
  const missing = [
    ...review.faults.map(({ field, text }) => ({ field, text, article: "" })),
    ...errors.map(({ field, message, article }) => ({ field, text: message, article })),
  ];
  const thoughts = warnings.map(({ field, message, article }) => ({
    field,
    text: message,
    article,
  }));
  return (
    <div data-testid="review" data-blocked={review.blocked}>
      <h1>{title}</h1>
      <section className="block">
        <h2>{words.read}</h2>
        <Residents record={review.record} camera={kind === "camera"} />
      </section>
      <section className="block">
        <h2>{words.mend}</h2>
        {missing.length === 0 ? (
          <p data-testid="complete">{words.fine}</p>
        ) : (
          <>
            <p>{words.mendLead}</p>
            <Findings rows={missing} {...{ questions }} {...(onMend ? { onMend } : {})} bad />
          </>
        )}
        {thoughts.length > 0 && (
          <>
            <h3>{words.warnings}</h3>
            <Findings rows={thoughts} {...{ questions }} {...(onMend ? { onMend } : {})} />
          </>
        )}
      </section>
      <Changes review={review} />
      <div className="actions">
        {kind === "camera" && <small className="grow">{words.then(spanText(notice))}</small>}
        {children}
      </div>
    </div>
  );
}

const spanText = (seconds: number): string =>
  seconds > 0 && seconds % DAY_S === 0
    ? words.days(seconds / DAY_S)
    : seconds > 0 && seconds % HOUR_S === 0
      ? words.hours(seconds / HOUR_S)
      : words.seconds(seconds);

function Residents({ record, camera }: { record: JsonObject; camera: boolean }) {
  const rows = camera
    ? READ.map((path) => [path, valueAt(record, path)] as const).filter(
        ([, value]) => value !== undefined && value !== "" && value !== null,
      )
    : Object.entries(record);
  return (
    <article className="residents" data-testid="residents">
      {camera && <p className="why">{words.why}</p>}
      {typeof record.purpose === "string" && camera && <p className="lead">{record.purpose}</p>}
      <dl className="said">
        {rows.map(([path, value]) => (
          <div key={path}>
            <dt>{fullLabel(path)}</dt>
            <dd>{valueText(path, value)}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>{words.seeAll}</summary>
        <p className="mono">{canonicalText(record)}</p>
      </details>
    </article>
  );
}

/** A value as a person reads it. */
export function valueText(path: string, value: Json | undefined): string {
  if (value === undefined || value === null) return words.nothingSaid;
  if (path === "position") return positionText(value);
  if (path === "zones" && Array.isArray(value)) return registerTexts.zones.areas(value.length);
  if (path === "retention.seconds" && typeof value === "number") return words.days(value / DAY_S);
  if (path.endsWith("_cm")) return `${fromUnits(value, 100)} m`;
  if (typeof value === "boolean") return value ? registerTexts.editor.yes : registerTexts.editor.no;
  if (typeof value === "string") {
    if (/^\d{4}-\d\d-\d\dT00:00:00/.test(value)) return value.slice(0, 10);
    return choiceLabel(path, value);
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return registerTexts.editor.nobody.split(":")[0] ?? "";
    if (value.every((one) => typeof one === "string"))
      return value.map((one) => choiceLabel(path, one)).join(", ");
  }
  return typeof value === "number" ? String(value) : canonicalText(value);
}

interface Row {
  field: string;
  text: string;
  article: string;
}

interface FindingsProps {
  rows: Row[];
  questions: Question[];
  onMend?: (question: string) => void;
  bad?: boolean;
}

function Findings({ rows, questions, onMend, bad = false }: FindingsProps) {
  return (
    <ul className="findings" data-bad={bad}>
      {rows.map(({ field, text, article }, index) => {
        const question = questionOf(field, questions);
        return (
          <li key={`${field} ${text} ${index}`}>
            <div>
              <strong>{field === "" ? words.whole : fullLabel(field)}</strong>
              <p>
                {text} {article !== "" && <cite>{article}</cite>}
              </p>
            </div>
            {question !== undefined && onMend !== undefined && (
              <button type="button" className="button" onClick={() => onMend(question.id)}>
                {words.mendIt}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Changes({ review }: { review: Review }) {
  const { changes, published } = review;
  const lead =
    published.version === 0
      ? words.first
      : changes.length === 0
        ? words.same
        : words.against(published.version);
  return (
    <section className="block">
      <h2>{words.changes}</h2>
      <p>{lead}</p>
      {published.version > 0 && changes.length > 0 && (
        <table className="changes" data-testid="changes">
          <thead>
            <tr>
              <th scope="col">{words.field}</th>
              <th scope="col">{words.before}</th>
              <th scope="col">{words.after}</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((one) => (
              <tr key={one.field}>
                <th scope="row">{fullLabel(one.field)}</th>
                <td data-label={words.before}>{valueText(one.field, one.old)}</td>
                <td data-label={words.after}>{valueText(one.field, one.new)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
