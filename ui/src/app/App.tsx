// The signed-in application: who is here, which page, and the way out.

import { useCallback, useEffect, useState } from "react";
import { ServerError } from "../base/errors.ts";
import { texts } from "../messages/en.ts";
import { inBackground, me as fetchMe, noteUse, whenRefused, type Me } from "./api.ts";
import { Accesses } from "./pages/Accesses.tsx";
import { Account } from "./pages/Account.tsx";
import { Join } from "./pages/Join.tsx";
import { Looked } from "./pages/Looked.tsx";
import { Marks } from "./pages/Marks.tsx";
import { People } from "./pages/People.tsx";
import { PlaybackPage } from "./pages/PlaybackPage.tsx";
import { Requests } from "./pages/Requests.tsx";
import { SignIn } from "./pages/SignIn.tsx";
import { Wall } from "./pages/Wall.tsx";
import { Bar, pagesFor } from "./parts/Bar.tsx";
import { Problem } from "./parts/Problem.tsx";
import { Editor } from "./register/Editor.tsx";
import { ImportPage } from "./register/ImportPage.tsx";
import { ProposalPage } from "./register/ProposalPage.tsx";
import { Register } from "./register/Register.tsx";
import { useRoute, type Route } from "./router.ts";

type Who =
  | { kind: "unknown" }
  | { kind: "out"; ended?: boolean }
  | { kind: "in"; me: Me }
  | { kind: "fault"; error: unknown };

export function App() {
  const route = useRoute();
  const [who, setWho] = useState<Who>({ kind: "unknown" });
  const signedIn = useCallback((me: Me) => setWho({ kind: "in", me }), []);
  const load = useCallback(() => {
    fetchMe().then(signedIn, (error: unknown) => {
      const out = error instanceof ServerError && error.status === 401;
      setWho(out ? { kind: "out" } : { kind: "fault", error });
    });
  }, [signedIn]);
  useEffect(load, [load]);
  const inside = who.kind === "in";
  useEffect(() => {
    if (!inside) return;
    const uses = ["keydown", "pointerdown", "wheel"];
    for (const use of uses) window.addEventListener(use, noteUse, { capture: true, passive: true });
    // A refusal may have another reason; only who is really signed out loses the page.
    let busy = false;
    const stop = whenRefused(() => {
      if (busy) return;
      busy = true;
      inBackground(fetchMe)
        .catch((error: unknown) => {
          if (error instanceof ServerError && error.status === 401)
            setWho({ kind: "out", ended: true });
        })
        .finally(() => (busy = false));
    });
    return () => {
      stop();
      for (const use of uses) window.removeEventListener(use, noteUse, { capture: true });
    };
  }, [inside]);
  const page = who.kind === "in" ? pageFor(who.me, route.page) : route.page;
  const dark = who.kind === "in" && (page === "wall" || page === "playback");
  useEffect(() => {
    document.documentElement.dataset.room = dark ? "dark" : "paper";
  }, [dark]);

  if (route.page === "join") return <Join key={route.token} token={route.token} />;
  if (who.kind === "unknown") return <p className="breathing loading">{texts.loading}</p>;
  if (who.kind === "fault") return <Problem error={who.error} onRetry={load} />;
  if (who.kind === "out") return <SignIn ended={who.ended === true} onSignedIn={load} />;
  const { me } = who;
  return (
    <div className="app" data-testid="app" data-page={page}>
      <Bar me={me} page={page} onSignedOut={() => setWho({ kind: "out" })} />
      {page === "wall" && <Wall me={me} onMe={signedIn} />}
      {route.page === "playback" && (
        <PlaybackPage
          key={`${route.camera} ${route.at}`}
          me={me}
          camera={route.camera}
          at={route.at}
        />
      )}
      {page === "requests" && <Requests me={me} />}
      {page === "accesses" && <Accesses me={me} />}
      {page === "marks" && <Marks me={me} />}
      {page === "looked" && <Looked />}
      {page === "people" && <People me={me} />}
      {page === "register" && <RegisterPages me={me} route={route} />}
      {page === "account" && <Account me={me} onSignedOut={() => setWho({ kind: "out" })} />}
    </div>
  );
}

function RegisterPages({ me, route }: { me: Me; route: Route }) {
  if (route.page !== "register") return <Register me={me} />;
  if (route.importing === true && me.may.includes("register.draft")) return <ImportPage />;
  if (route.draft !== undefined) return <Editor id={route.draft} step={route.step} />;
  if (route.proposal !== undefined) return <ProposalPage hash={route.proposal} />;
  return <Register me={me} />;
}

/** Who may not watch begins with what they may do; every other address answers for itself. */
function pageFor(me: Me, page: Route["page"]): Route["page"] {
  const offered = pagesFor(me);
  return page === "wall" ? (offered[0]?.page ?? page) : page;
}
