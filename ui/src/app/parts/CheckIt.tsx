// "Check it yourself": what the log committed to, and that witnesses saw it, computed in this browser.

import { useState } from "react";
import { fromBase64, fromHex } from "../../base/bytes.ts";
import { canonicalText } from "../../base/canonical.ts";
import { messageOf } from "../../base/errors.ts";
import { commitment, parseEntry } from "../../log/entries.ts";
import { Policy } from "../../log/policy.ts";
import { checkProof } from "../../log/proof.ts";
import { roomTexts } from "../../messages/room.ts";
import { serverNow } from "../../video/clock.ts";
import { myAct, policy as fetchPolicy } from "../room.ts";

const words = roomTexts.check;

interface Result {
  index: number;
  witnesses: string[];
  command: string;
}

async function check(entry: number): Promise<Result> {
  const [act, policy] = await Promise.all([myAct(entry), fetchPolicy()]);
  const raw = fromBase64(act.entry);
  const trusted = Policy.parse(policy);
  const { index, witnesses } = checkProof(act.proof, raw, trusted, serverNow(), null);
  const opened = commitment(act.detail, fromHex(act.salt));
  const { body } = parseEntry(raw);
  if (body.detail_commitment !== opened || index !== entry) throw new Error(words.failed);
  // A single quote inside single quotes: end them, an escaped one, begin again.
  const quoted = canonicalText(act.detail).replaceAll("'", "'\\''");
  return {
    index,
    witnesses: [...witnesses.keys()],
    command: `(printf %s ${act.salt} | xxd -r -p; printf %s '${quoted}') | sha256sum\n${opened}`,
  };
}

export function CheckIt({ entry }: { entry: number }) {
  const [result, setResult] = useState<Result | null>(null);
  const [fault, setFault] = useState("");
  const run = (): void => {
    setFault("");
    check(entry).then(setResult, (reason: unknown) => setFault(messageOf(reason)));
  };
  return (
    <details
      className="checkit"
      data-testid={`check-${entry}`}
      onToggle={(event) => event.currentTarget.open && result === null && run()}
    >
      <summary>{words.open}</summary>
      {fault !== "" && (
        <p className="problem" role="alert">
          {words.failed}. {fault}
        </p>
      )}
      {fault === "" && result === null && <p className="breathing">{words.running}</p>}
      {result !== null && (
        <>
          <ul className="checks">
            <li>{words.commitment}</li>
            <li>{words.onLog(result.index)}</li>
            <li>
              {result.witnesses.length > 0
                ? words.witnesses(result.witnesses.join(", "))
                : words.alone}
            </li>
          </ul>
          <p>{words.without}</p>
          <pre className="mono">{result.command}</pre>
        </>
      )}
    </details>
  );
}
