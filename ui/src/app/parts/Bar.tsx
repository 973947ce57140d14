// The bar on every page: where one is, as whom one acts, and out.

import { useState } from "react";
import { ServerError } from "../../base/errors.ts";
import { signOut, type Me } from "../api.ts";
import { go, type Route } from "../router.ts";
import { texts } from "../../messages/en.ts";
import { roomTexts } from "../../messages/room.ts";
import { Problem } from "./Problem.tsx";
import { Icon, Mark, type IconName } from "./Icon.tsx";

interface Page {
  page: Route["page"];
  path: string;
  icon: IconName;
  text: string;
  needs: string;
}

const pages: Page[] = [
  { page: "wall", path: "/app/", icon: "live", text: texts.nav.live, needs: "live" },
  {
    page: "requests",
    path: "/app/requests",
    icon: "requests",
    text: texts.nav.requests,
    needs: "request.read",
  },
  {
    page: "marks",
    path: "/app/marks",
    icon: "keep",
    text: roomTexts.nav.marks,
    needs: "mark.read",
  },
  {
    page: "looked",
    path: "/app/looked",
    icon: "looked",
    text: roomTexts.nav.looked,
    needs: "accesses",
  },
  {
    page: "register",
    path: "/app/register",
    icon: "register",
    text: texts.nav.register,
    needs: "register.approve",
  },
  {
    page: "people",
    path: "/app/people",
    icon: "people",
    text: texts.nav.people,
    needs: "people.invite",
  },
  {
    page: "accesses",
    path: "/app/accesses",
    icon: "accesses",
    text: texts.nav.accesses,
    needs: "self",
  },
];

/** The pages that are for this person, the one to begin with first. */
export const pagesFor = (me: Me): Page[] => pages.filter(({ needs }) => me.may.includes(needs));

interface Props {
  me: Me;
  page: Route["page"];
  onSignedOut: () => void;
}

export function Bar({ me, page, onSignedOut }: Props) {
  const current = page === "playback" ? "wall" : page;
  const role = me.roles.map((item) => texts.roles[item] ?? item).join(", ");
  const [failed, setFailed] = useState<unknown>(null);
  // A session that may still hold is not called over: the next at this desk would have it.
  const leave = async (): Promise<void> => {
    try {
      await signOut();
    } catch (reason) {
      if (!(reason instanceof ServerError && reason.status === 401)) {
        setFailed(new Error(texts.bar.stillIn)); // nothing tries again by itself
        return;
      }
    }
    onSignedOut();
  };
  return (
    <>
      <header className="bar">
        <a className="brand" href="/">
          <Mark />
          <span>{texts.brand}</span>
        </a>
        <nav aria-label={texts.nav.label}>
          {pagesFor(me).map(({ page: target, path, icon, text }) => (
            <a
              key={target}
              href={path}
              aria-current={current === target ? "page" : undefined}
              data-testid={`nav-${target}`}
              onClick={(event) => {
                event.preventDefault();
                go(path);
              }}
            >
              <Icon name={icon} />
              <span>{text}</span>
            </a>
          ))}
        </nav>
        <div className="who">
          <a
            className="name"
            href="/app/account"
            aria-current={page === "account" ? "page" : undefined}
            data-testid="who"
            title={`${texts.bar.signedInAs} ${me.name}, ${role}. ${texts.account.title}`}
            onClick={(event) => {
              event.preventDefault();
              go("/app/account");
            }}
          >
            <strong>{me.name}</strong>
            <small>
              {role}
              {me.purpose !== null && me.purpose !== "" && <> · {me.purpose}</>}
            </small>
          </a>
          <button
            type="button"
            className="button icononly"
            title={texts.bar.signOut}
            aria-label={texts.bar.signOut}
            data-testid="sign-out"
            onClick={() => void leave()}
          >
            <Icon name="out" />
          </button>
        </div>
      </header>
      <Problem error={failed} />
    </>
  );
}
