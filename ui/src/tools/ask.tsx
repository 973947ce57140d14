// ask.html: the requester reads a drafted request, signs it with the own key, and sends it.

import "@fontsource-variable/inter/wght.css";
import "./tools.css";
import { useEffect, useEffectEvent, useState } from "react";
import { texts } from "../messages/tools.ts";
import { ask, checkDraft, readDraft, type Draft } from "../release/asking.ts";
import { Done, Facts, Failure, Gate, show, type Ready } from "./parts.tsx";
import { tell, tellFailure } from "./page.ts";
import { useNames } from "./useNames.ts";

type State =
  | { kind: "empty" }
  | { kind: "draft"; draft: Draft }
  | { kind: "signing"; draft: Draft }
  | { kind: "sent"; draft: Draft; hash: string }
  | { kind: "failed"; error: unknown };

function begin({ key, parameters }: Ready): State {
  if (parameters.draft === null) return { kind: "empty" };
  try {
    const draft = readDraft(parameters.draft);
    checkDraft(draft, key, Date.now());
    return { kind: "draft", draft };
  } catch (error) {
    return { kind: "failed", error };
  }
}

function Ask({ ready }: { ready: Ready }) {
  const { key, server, parameters } = ready;
  const [state, setState] = useState(() => begin(ready));
  const names = useNames(server);

  const sign = async (draft: Draft): Promise<void> => {
    setState({ kind: "signing", draft });
    try {
      const hash = await ask(draft, key, server);
      setState({ kind: "sent", draft, hash });
      tell(parameters.server, "done", "ask", { request: hash });
    } catch (error) {
      setState({ kind: "failed", error });
      tellFailure(parameters.server, "ask", error);
    }
  };
  const first = useEffectEvent(() => {
    if (state.kind === "failed") tellFailure(parameters.server, "ask", state.error);
    if (state.kind === "draft" && parameters.auto) void sign(state.draft);
  });
  useEffect(() => {
    const timer = setTimeout(() => first(), parameters.auto ? 700 : 0);
    return () => clearTimeout(timer);
  }, [parameters.auto]);

  if (state.kind === "failed") return <Failure error={state.error} />;
  if (state.kind === "empty") {
    return (
      <section className="empty">
        <h1>{texts.ask.nothing}</h1>
        <p className="lead">{texts.ask.nothingHint}</p>
      </section>
    );
  }
  const { draft } = state;
  const purpose = typeof draft.body.purpose === "string" ? draft.body.purpose : "";
  const expires = typeof draft.body.expires === "string" ? draft.body.expires : "";
  return (
    <>
      <h1>{state.kind === "sent" ? texts.ask.sentTitle : texts.ask.title}</h1>
      <p className="lead">{state.kind === "sent" ? texts.ask.sentLead : texts.ask.lead}</p>
      {state.kind === "sent" && (
        <Done title={texts.ask.done} lead={texts.ask.doneLead}>
          <details>
            <summary>{texts.expert}</summary>
            <p className="mono">
              {texts.ask.hash}: {state.hash}
            </p>
          </details>
        </Done>
      )}
      <Facts
        purpose={purpose}
        detail={draft.detail}
        windows={draft.windows.length}
        camera={names.get(typeof draft.detail.camera === "string" ? draft.detail.camera : "")}
        expires={expires}
      />
      {state.kind !== "sent" && (
        <div className="actions">
          <button
            type="button"
            className="button primary large"
            disabled={state.kind === "signing"}
            onClick={() => void sign(draft)}
            data-testid="sign"
          >
            {state.kind === "signing" ? texts.ask.signing : texts.ask.sign}
          </button>
        </div>
      )}
    </>
  );
}

show(<Gate step="ask">{(ready) => <Ask ready={ready} />}</Gate>);
