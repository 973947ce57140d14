// What somebody else proposed: the same review as its author read, then the second signature.

import { useCallback, useState } from "react";
import { registerTexts as words } from "../../messages/register.ts";
import { dateTime } from "../../video/clock.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import { SignDialog } from "../parts/SignDialog.tsx";
import { overview as fetchOverview, proposal as fetchProposal } from "./api.ts";
import { BackLink } from "./Editor.tsx";
import { questionsFor } from "./questions.ts";
import { ReviewPage } from "./Review.tsx";

export function ProposalPage({ hash }: { hash: string }) {
  const load = useCallback(() => Promise.all([fetchProposal(hash), fetchOverview()]), [hash]);
  const { value, error } = useLoaded(load);
  const [signing, setSigning] = useState(false);
  const [done, setDone] = useState<number | null>(null);
  return (
    <main className="page editor" data-testid="proposal">
      <BackLink />
      <Problem error={error} />
      {done !== null && (
        <p className="facts" role="status" data-testid="approved">
          {words.review.approved(done)}
        </p>
      )}
      {value !== null && done === null && (
        <>
          <p className="over">
            {words.toApprove(value[0].name, value[0].by)} · {words.version(value[0].version)} ·{" "}
            {words.until(dateTime(Date.parse(value[0].ends)))}
          </p>
          {value[0].stale && <p className="problem">{words.stale}</p>}
          {value[0].own && <p className="facts">{words.own}</p>}
          <ReviewPage
            review={value[0].review}
            kind={value[0].kind}
            title={words.review.proposalTitle}
            overview={value[1]}
            questions={questionsFor(value[0].kind, value[0].review.record, [])}
          >
            {value[0].may_approve && !value[0].stale && !value[0].review.blocked && (
              <button
                type="button"
                className="button primary"
                data-testid="approve"
                aria-haspopup="dialog"
                onClick={() => setSigning(true)}
              >
                {words.review.approve}
              </button>
            )}
          </ReviewPage>
        </>
      )}
      {signing && (
        <SignDialog
          wanted={{ type: "approve", body: { proposal: hash } }}
          onClose={() => setSigning(false)}
          onSigned={({ index }) => {
            setSigning(false);
            setDone(index);
          }}
        />
      )}
    </main>
  );
}
