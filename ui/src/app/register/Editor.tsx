// The editor: one question at a time, saved as one writes, then a review of everything.

import { useCallback, useEffect, useRef, useState } from "react";
import type { JsonObject } from "../../base/canonical.ts";
import { texts } from "../../messages/en.ts";
import { registerTexts } from "../../messages/register.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import { SignDialog } from "../parts/SignDialog.tsx";
import { confine, go, isEditor } from "../router.ts";
import {
  draft as fetchDraft,
  kindFields,
  law as fetchLaw,
  overview as fetchOverview,
  reviewDraft,
  type DraftRow,
  type KindField,
  type Law,
  type Overview,
} from "./api.ts";
import { useAutosave, type Next } from "./autosave.ts";
import { FieldInput } from "./Fields.tsx";
import { mapBase, type Base } from "./map/base.ts";
import { Place } from "./Place.tsx";
import {
  answered,
  demanded,
  fitting,
  questionOf,
  questionsFor,
  type Question,
} from "./questions.ts";
import { ReviewPage } from "./Review.tsx";
import { withValue } from "./values.ts";

const words = registerTexts.editor;
const REVIEW = "review";

interface Loaded {
  draft: DraftRow;
  overview: Overview;
  fields: KindField[];
}

async function loadAll(id: string): Promise<Loaded> {
  const [draft, overview] = await Promise.all([fetchDraft(id), fetchOverview()]);
  const fields = draft.kind === "camera" ? [] : await kindFields(draft.kind);
  return { draft, overview, fields };
}

export function Editor({ id, step }: { id: string; step: string }) {
  const load = useCallback(() => loadAll(id), [id]);
  const { value, error } = useLoaded(load);
  return (
    <main className="page editor" data-testid="editor">
      <BackLink />
      <Problem error={error} />
      {value !== null && <Writing key={value.draft.draft} loaded={value} step={step} />}
    </main>
  );
}

export function BackLink() {
  return (
    <a
      className="crumb"
      href="/app/register"
      onClick={(event) => {
        event.preventDefault();
        go("/app/register");
      }}
    >
      {registerTexts.back}
    </a>
  );
}

/** What lies under the map; tiles from elsewhere need a page that was loaded as the editor. */
function useBase(wanted: boolean): { base: Base | null; error: unknown } {
  const load = useCallback(() => (wanted ? mapBase() : Promise.resolve(null)), [wanted]);
  const { value, error } = useLoaded(load);
  const outside = value?.kind === "tiles";
  useEffect(() => {
    if (!outside) return;
    if (isEditor()) confine();
    else location.reload();
  }, [outside]);
  return { base: outside && !isEditor() ? null : value, error };
}

const noLaw = (): Promise<Law | null> => Promise.resolve(null);

function Writing({ loaded, step }: { loaded: Loaded; step: string }) {
  const { draft, overview, fields } = loaded;
  const { record, change, flush, state, error } = useAutosave(draft);
  const questions = questionsFor(draft.kind, record, fields);
  const here = questions.findIndex((one) => one.id === step);
  const question = step === REVIEW ? undefined : questions[Math.max(0, here)];
  const name = typeof record.legal_profile === "string" ? record.legal_profile : "";
  const known = overview.laws.includes(name);
  const loadLaw = useCallback(() => (known ? fetchLaw(name) : noLaw()), [known, name]);
  const law = useLoaded(loadLaw).value;
  const { base, error: baseError } = useBase(draft.kind === "camera");
  const to = (target: string): void => {
    void flush().then(() => go(`/app/register/draft/${draft.draft}?question=${target}`));
  };
  const index = question === undefined ? questions.length : questions.indexOf(question);
  const next = (): void => to(questions[index + 1]?.id ?? REVIEW);
  const previous = (): void => {
    const before = questions[index - 1];
    if (before !== undefined) to(before.id);
  };
  useStepKeys(next, previous);
  const title = typeof record.name === "string" ? record.name : draft.subject;
  return (
    <>
      <p className="over">
        {registerTexts.kinds[draft.kind] ?? draft.kind}: {title}
        <span className="saved" role="status" data-testid="saved" data-state={state}>
          {words[state]}
        </span>
      </p>
      <Problem error={error ?? baseError} />
      <div className="progress">
        <progress
          max={questions.length + 1}
          value={index + 1}
          aria-label={words.of(index + 1, questions.length + 1)}
        />
        <small>
          {question === undefined ? words.review : words.of(index + 1, questions.length)}
        </small>
      </div>
      {question === undefined ? (
        <Reviewing
          draft={draft}
          saved={state === "saved"}
          questions={questions}
          onMend={to}
          overview={overview}
        />
      ) : (
        <form
          className="question"
          data-testid={`question-${question.id}`}
          key={question.id}
          onSubmit={(event) => {
            event.preventDefault();
            next();
          }}
        >
          <Asked
            {...{ question, record, overview, law, base }}
            subject={draft.subject}
            camera={draft.kind === "camera"}
            onRecord={change}
          />
          <div className="actions">
            <small className="grow">{words.keys}</small>
            <button type="button" className="button" disabled={index === 0} onClick={previous}>
              {words.previous}
            </button>
            <button className="button primary" data-testid="next">
              {index + 1 === questions.length ? words.review : words.next}
            </button>
          </div>
        </form>
      )}
      <Contents {...{ questions, record, here: question?.id ?? REVIEW }} onGo={to} />
    </>
  );
}

/** On a Mac these keys move by a word in what one writes. */
const movesByWord = (target: EventTarget | null): boolean =>
  navigator.userAgent.includes("Mac") &&
  (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement);

/** Alt with an arrow, which no field needs elsewhere; Enter sends the form by itself. */
function useStepKeys(next: () => void, previous: () => void): void {
  const latest = useRef({ next, previous });
  useEffect(() => {
    latest.current = { next, previous };
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (document.querySelector("dialog[open]") !== null || movesByWord(event.target)) return;
      if (event.key === "ArrowRight") latest.current.next();
      else if (event.key === "ArrowLeft") latest.current.previous();
      else return;
      event.preventDefault(); // browsers go back in their history with the same keys
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

interface AskedProps {
  question: Question;
  record: JsonObject;
  overview: Overview;
  law: Law | null;
  base: Base | null;
  subject: string;
  camera: boolean;
  onRecord: (next: Next) => void;
}

function Asked({ question, record, overview, law, base, subject, camera, onRecord }: AskedProps) {
  const title = useRef<HTMLHeadingElement>(null);
  const required = (law?.checks ?? []).filter(
    ({ kind, severity }) => kind === "required" && severity === "error",
  );
  const shown = demanded(
    question,
    required.map(({ field }) => field),
  );
  useEffect(() => title.current?.focus(), []);
  return (
    <>
      <h1 ref={title} tabIndex={-1}>
        {question.title}
      </h1>
      {question.text !== undefined && <p className="lead">{question.text}</p>}
      {question.plan === undefined ? (
        shown.fields.map((field) => (
          <FieldInput
            key={field.path}
            {...{ field, record, overview, onRecord }}
            onValue={(value) => onRecord((now) => fitting(withValue(now, field.path, value)))}
          />
        ))
      ) : (
        <Place {...{ question: shown, record, subject, overview, base, onRecord }} />
      )}
      {camera && <Rule question={question} law={law} />}
    </>
  );
}

/** What the law says about this question, in its profile's words. */
function Rule({ question, law }: { question: Question; law: Law | null }) {
  const asked = (law?.checks ?? []).filter(
    ({ field }) => questionOf(field, [question]) === question,
  );
  const once = asked.filter(
    (one, index) => asked.findIndex(({ why }) => why === one.why) === index,
  );
  if (law !== null && once.length === 0) return null;
  return (
    <aside className="rule" data-testid="rule">
      <h2>{words.rule}</h2>
      {law === null ? (
        <p>{words.noLaw}</p>
      ) : (
        <ul>
          {once.map(({ field, article, why, unsure }) => (
            <li key={`${field} ${why}`}>
              {why} <cite>{article}</cite>
              {unsure && <small> {words.unsure}</small>}
            </li>
          ))}
        </ul>
      )}
    </aside>
  );
}

interface ReviewingProps {
  draft: DraftRow;
  saved: boolean;
  questions: Question[];
  overview: Overview;
  onMend: (question: string) => void;
}

function Reviewing({ draft, saved, questions, overview, onMend }: ReviewingProps) {
  const load = useCallback(
    () => (saved ? reviewDraft(draft.draft) : Promise.resolve(null)),
    [draft.draft, saved],
  );
  const { value: review, error, reload } = useLoaded(load);
  const [signing, setSigning] = useState(false);
  const [done, setDone] = useState<number | null>(null);
  if (done !== null) {
    return (
      <p className="facts" role="status" data-testid="proposed">
        {registerTexts.review.proposed(done)}
      </p>
    );
  }
  return (
    <>
      <Problem error={error} />
      {review !== null && review.published.version > draft.base && (
        <p className="problem" role="alert" data-testid="overtaken">
          {registerTexts.review.meanwhile(draft.base, review.published.version)}
        </p>
      )}
      {review === null && error === null && <p className="breathing">{texts.loading}</p>}
      {review !== null && (
        <ReviewPage
          {...{ review, questions, overview, onMend }}
          kind={draft.kind}
          title={registerTexts.review.title}
        >
          <button
            type="button"
            className="button primary"
            data-testid="propose"
            aria-haspopup="dialog"
            disabled={review.statement === null}
            onClick={() => setSigning(true)}
          >
            {registerTexts.review.propose}
          </button>
        </ReviewPage>
      )}
      {signing && review?.statement != null && (
        <SignDialog
          wanted={review.statement}
          onClose={() => {
            setSigning(false);
            reload();
          }}
          onSigned={({ index }) => setDone(index)}
        />
      )}
    </>
  );
}

interface ContentsProps {
  questions: Question[];
  record: JsonObject;
  here: string;
  onGo: (question: string) => void;
}

function Contents({ questions, record, here, onGo }: ContentsProps) {
  const rows = [
    ...questions.map((one) => ({
      id: one.id,
      title: one.title,
      done: answered(one, record),
    })),
    { id: REVIEW, title: words.review, done: true },
  ];
  return (
    <details className="contents">
      <summary>{words.all}</summary>
      <ol>
        {rows.map(({ id, title, done }) => (
          <li key={id} data-done={done}>
            <button
              type="button"
              className="linklike"
              aria-current={id === here ? "step" : undefined}
              data-testid={`goto-${id}`}
              onClick={() => onGo(id)}
            >
              {title}
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}
