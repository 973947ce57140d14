// "People": whom one invites, whose card waits for two signatures, and who is enrolled.

import { useState } from "react";
import { texts } from "../../messages/en.ts";
import { dateTime } from "../../video/clock.ts";
import type { Me } from "../api.ts";
import { useLoaded } from "../hooks.ts";
import { InviteDialog } from "../parts/InviteDialog.tsx";
import { Keys } from "../parts/Keys.tsx";
import { Problem } from "../parts/Problem.tsx";
import { SignDialog } from "../parts/SignDialog.tsx";
import {
  invitations as fetchInvitations,
  people as fetchPeople,
  proposals as fetchProposals,
  revokeInvitation,
  signOutPerson,
  type InvitationRow,
  type PersonRow,
  type ProposalRow,
  type Wording,
} from "../people.ts";
import { rolesText } from "./Join.tsx";

const EVERY_MS = 5_000;
const OF_PEOPLE = ["enrol", "custodian-set"];
const words = texts.people;

export function People({ me }: { me: Me }) {
  const waiting = useLoaded(fetchInvitations, EVERY_MS);
  const enrolled = useLoaded(fetchPeople, EVERY_MS);
  const proposed = useLoaded(fetchProposals, EVERY_MS);
  const [inviting, setInviting] = useState<PersonRow | "new" | null>(null);
  const [signing, setSigning] = useState<Wording | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const reload = (): void => {
    waiting.reload();
    enrolled.reload();
    proposed.reload();
  };
  const cards = new Set(waiting.value?.map((row) => row.proposal));
  const others = proposed.value?.filter(
    ({ type, proposal }) => OF_PEOPLE.includes(type) && !cards.has(proposal),
  );
  return (
    <main className="page" data-testid="people">
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <p role="status" className="saved">
        {notice}
      </p>
      <Problem error={failed ?? waiting.error ?? enrolled.error} />
      <button
        type="button"
        className="button primary"
        data-testid="invite"
        aria-haspopup="dialog"
        onClick={() => setInviting("new")}
      >
        {words.invite}
      </button>
      <section className="block" aria-labelledby="about-to-join">
        <h2 id="about-to-join">{words.waiting}</h2>
        {waiting.value?.length === 0 && <p>{words.nobodyWaiting}</p>}
        <ul className="cards">
          {waiting.value?.map((row) => (
            <Card
              key={row.invitation}
              row={row}
              own={row.card?.person === me.person}
              onSign={setSigning}
              onRevoke={() => {
                revokeInvitation(row.invitation).then(reload).catch(setFailed);
              }}
            />
          ))}
        </ul>
      </section>
      {others !== undefined && others.length > 0 && (
        <section className="block" aria-labelledby="others">
          <h2 id="others">{words.others}</h2>
          <ul className="cards" data-testid="proposals">
            {others.map((row) => (
              <Proposed key={row.proposal} row={row} onSign={setSigning} />
            ))}
          </ul>
        </section>
      )}
      <section className="block" aria-labelledby="enrolled">
        <h2 id="enrolled">{words.enrolled}</h2>
        <ul className="rows" data-testid="enrolled">
          {enrolled.value?.map((row) => (
            <Enrolled
              key={row.person}
              row={row}
              endsOthers={me.may.includes("people.signout")}
              own={row.person === me.person}
              onNewKeys={() => setInviting(row)}
              onTakeOff={() =>
                setSigning({
                  type: "propose",
                  body: { type: "enrol", body: { ...row.card, roles: [] } },
                })
              }
              onEnd={() => {
                signOutPerson(row.person)
                  .then((answer) => answer.json() as Promise<{ ended: number }>)
                  .then(({ ended }) => setNotice(words.ended(ended)))
                  .catch(setFailed);
              }}
            />
          ))}
        </ul>
      </section>
      {inviting !== null && (
        <InviteDialog
          known={inviting === "new" ? null : inviting}
          onClose={() => {
            setInviting(null);
            reload();
          }}
        />
      )}
      {signing !== null && (
        <SignDialog
          wanted={signing}
          onClose={() => setSigning(null)}
          onSigned={({ index }) => {
            setSigning(null);
            setNotice(texts.signing.signed(index));
            reload();
          }}
        />
      )}
    </main>
  );
}

interface CardProps {
  row: InvitationRow;
  own: boolean;
  onSign: (wanted: Wording) => void;
  onRevoke: () => void;
}

function Card({ row, own, onSign, onRevoke }: CardProps) {
  const proposed = typeof row.proposed_by === "string";
  const state =
    row.state === "open"
      ? words.open
      : row.overtaken === true
        ? words.overtaken
        : proposed
          ? words.proposed(row.proposed_by ?? "")
          : words.handedIn;
  return (
    <li className="card" data-testid={`invitation-${row.name}`} data-state={row.state}>
      <div>
        <h2>{row.name}</h2>
        <p>
          {rolesText(row.roles)} · {row.org}
          {row.outside && ` (${words.outside})`}
        </p>
        <p className="quiet">
          {state}
          {row.state === "open" && ` · ${words.until(dateTime(Date.parse(row.ends)))}`}
        </p>
        {row.keys !== undefined && (
          <>
            <Keys keys={row.keys} />
            <p className="quiet">{own ? words.ownCard : words.compare}</p>
          </>
        )}
      </div>
      <div className="side">
        {row.may_propose === true && row.card !== undefined && (
          <button
            type="button"
            className="button primary"
            data-testid="propose"
            aria-haspopup="dialog"
            onClick={() => onSign({ type: "propose", body: { type: "enrol", body: row.card } })}
          >
            {words.propose}
          </button>
        )}
        {row.may_approve === true && (
          <button
            type="button"
            className="button primary"
            data-testid="approve"
            aria-haspopup="dialog"
            onClick={() => onSign({ type: "approve", body: { proposal: row.proposal } })}
          >
            {words.approve}
          </button>
        )}
        <button type="button" className="button" onClick={onRevoke}>
          {words.revoke}
        </button>
      </div>
    </li>
  );
}

interface ProposedProps {
  row: ProposalRow;
  onSign: (wanted: Wording) => void;
}

/** A proposal that no invitation led to: of other roles, of a custodian set. */
function Proposed({ row, onSign }: ProposedProps) {
  return (
    <li className="card">
      <div>
        <dl className="said">
          {row.summary.lines.map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div className="side">
        {row.may_approve && (
          <button
            type="button"
            className="button primary"
            aria-haspopup="dialog"
            onClick={() => onSign({ type: "approve", body: { proposal: row.proposal } })}
          >
            {words.approve}
          </button>
        )}
      </div>
    </li>
  );
}

interface EnrolledProps {
  row: PersonRow;
  own: boolean;
  endsOthers: boolean;
  onNewKeys: () => void;
  onTakeOff: () => void;
  onEnd: () => void;
}

function Enrolled({ row, own, endsOthers, onNewKeys, onTakeOff, onEnd }: EnrolledProps) {
  return (
    <li>
      <div>
        <strong>{row.name ?? row.person}</strong>
        <p>
          {row.roles.length === 0 ? words.noRoles : rolesText(row.roles)} · {row.org} ·{" "}
          {row.outside ? words.outside : words.inside}
        </p>
      </div>
      <span className="sides">
        <button type="button" className="button" aria-haspopup="dialog" onClick={onNewKeys}>
          {words.newKeys}
        </button>
        {!own && row.roles.length > 0 && (
          <button type="button" className="button" aria-haspopup="dialog" onClick={onTakeOff}>
            {words.takeOff}
          </button>
        )}
        {endsOthers && (
          <button type="button" className="button" onClick={onEnd}>
            {words.endSessions}
          </button>
        )}
      </span>
    </li>
  );
}
