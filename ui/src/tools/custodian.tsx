// custodian.html: the inbox, and for one request every check before Release or Refuse.

import "@fontsource-variable/inter/wght.css";
import "./tools.css";
import { useCallback, useEffect, useEffectEvent, useState } from "react";
import { isObject } from "../log/entries.ts";
import { texts } from "../messages/tools.ts";
import type { CheckName } from "../release/checks.ts";
import {
  examineForRelease,
  refuse,
  release,
  type Ready as Releasable,
} from "../release/custodian.ts";
import { textIn } from "../release/trust.ts";
import type { JsonObject } from "../base/canonical.ts";
import { Inbox } from "./inbox.tsx";
import { Checks, Done, Facts, Failure, Gate, show, type Ready } from "./parts.tsx";
import { tell, tellFailure } from "./page.ts";
import { whenWitnessed } from "./retry.ts";
import { useChecks } from "./useChecks.ts";

const LINES: CheckName[] = [
  "logged",
  "people",
  "signature",
  "recipient",
  "detail",
  "windows",
  "expiry",
  "share",
];

type Decision = "open" | "sending" | "released" | "refusing" | "refused";

function Review({
  ready: { key, server, parameters },
  hash,
  onBack,
}: {
  ready: Ready;
  hash: string;
  onBack: () => void;
}) {
  const { lines, check, reset } = useChecks(LINES);
  const [found, setFound] = useState<Releasable | null>(null);
  const [decision, setDecision] = useState<Decision>("open");
  const [error, setError] = useState<unknown>(null);
  const [waiting, setWaiting] = useState(false);
  const [reason, setReason] = useState("");

  const fail = useCallback(
    (problem: unknown): void => {
      setError(problem);
      tellFailure(parameters.server, "custodian", problem);
    },
    [parameters.server],
  );
  const send = async (work: () => Promise<void>, end: Decision): Promise<void> => {
    setDecision("sending");
    try {
      await work();
      setDecision(end);
      tell(parameters.server, "done", "custodian", { request: hash, decision: end });
    } catch (problem) {
      fail(problem);
    }
  };
  const releaseNow = (checked: Releasable): Promise<void> =>
    send(() => whenWitnessed(() => release(checked, key, server), setWaiting), "released");

  const held = useEffectEvent((checked: Releasable) => {
    setFound(checked);
    if (parameters.auto) void releaseNow(checked);
    else if (checked.shares.length === 0) setDecision("released");
  });
  const broken = useEffectEvent(fail);
  useEffect(() => {
    let current = true;
    whenWitnessed(async () => {
      reset();
      return examineForRelease(await server.get(`/api/requests/${hash}`), hash, key, check);
    }, setWaiting).then(
      (checked) => current && held(checked),
      (problem: unknown) => current && broken(problem),
    );
    return () => {
      current = false;
    };
  }, [check, hash, key, reset, server]);

  const asked = found?.asked;
  const words = texts.custodian;
  return (
    <>
      <h1>{words.review}</h1>
      <p className="lead">{words.reviewLead}</p>
      {error === null && decision === "released" && (
        <Done title={words.released} lead={words.releasedLead} />
      )}
      {error === null && decision === "refused" && (
        <Done title={words.refused} lead={words.refusedLead} />
      )}
      {error !== null && <Failure error={error} />}
      <div className="review">
        {asked !== undefined && error === null && (
          <Facts
            purpose={asked.purpose}
            detail={asked.detail}
            windows={asked.windows.length}
            camera={asked.camera === null ? null : { ...asked.camera, proven: true }}
            by={`${asked.requester.org} (${asked.requester.person})`}
            expires={asked.expires}
          />
        )}
        <Checks lines={lines} waiting={waiting} />
      </div>
      {error === null && found !== null && (decision === "open" || decision === "sending") && (
        <div className="actions">
          <button
            type="button"
            className="button quiet"
            disabled={decision !== "open"}
            onClick={() => setDecision("refusing")}
            data-testid="refuse"
          >
            {words.refuse}
          </button>
          <button
            type="button"
            className="button primary large"
            disabled={decision !== "open"}
            onClick={() => void releaseNow(found)}
            data-testid="release"
          >
            {decision === "sending" ? words.releasing : words.release}
          </button>
        </div>
      )}
      {error === null && decision === "refusing" && (
        <form
          className="refusal"
          onSubmit={(event) => {
            event.preventDefault();
            void send(() => refuse(hash, reason.trim(), key, server), "refused");
          }}
        >
          <label className="labelled">
            <span>{words.reason}</span>
            <input
              className="field"
              required
              maxLength={500}
              autoFocus
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
            <small>{words.reasonHint}</small>
          </label>
          <div className="actions">
            <button type="button" className="button quiet" onClick={() => setDecision("open")}>
              {texts.custodian.back}
            </button>
            <button className="button danger" disabled={reason.trim() === ""}>
              {words.sendRefusal}
            </button>
          </div>
        </form>
      )}
      {!parameters.auto && decision !== "sending" && (
        <button type="button" className="button quiet backlink" onClick={onBack}>
          {words.back}
        </button>
      )}
    </>
  );
}

function Custodian({ ready }: { ready: Ready }) {
  const [hash, setHash] = useState(ready.parameters.request);
  const words = texts.custodian;
  if (hash !== null)
    return <Review key={hash} ready={ready} hash={hash} onBack={() => setHash(null)} />;
  const waitsForMe = (row: JsonObject): boolean => row.mine !== true;
  const offered = (row: JsonObject): boolean =>
    row.answered !== true && ["requested", "releasing"].includes(textIn(row, "state"));
  return (
    <>
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <Inbox
        server={ready.server}
        filter={waitsForMe}
        empty={[words.empty, words.emptyHint]}
        action={(row) => (isObject(row) && offered(row) ? words.look : null)}
        state={(row) =>
          row.answered === true ? words.answered : (texts.open.states[textIn(row, "state")] ?? "")
        }
        onChoose={setHash}
      />
    </>
  );
}

show(<Gate step="custodian">{(ready) => <Custodian ready={ready} />}</Gate>);
