// Whom to invite, as what; then the link, shown once.

import { useState } from "react";
import { texts } from "../../messages/en.ts";
import { dateTime } from "../../video/clock.ts";
import { enrolledAs, invite, type PersonRow } from "../people.ts";
import { Dialog } from "./Dialog.tsx";
import { Problem } from "./Problem.tsx";

const words = texts.people.form;
const listed = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

interface Props {
  /** Somebody enrolled, who gets a new passkey; null for somebody new. */
  known: PersonRow | null;
  onClose: () => void;
}

export function InviteDialog({ known, onClose }: Props) {
  const [name, setName] = useState(known?.name ?? "");
  const [org, setOrg] = useState(known?.org ?? "");
  const [roles, setRoles] = useState<string[]>(known?.roles ?? []);
  const [outside, setOutside] = useState(known?.outside ?? false);
  const before = enrolledAs(known?.card);
  const [chosen, setChosen] = useState<string | null>(null);
  const [units, setUnits] = useState(before.units.join(", "));
  const [cameras, setCameras] = useState(before.cameras.join(", "));
  const [replace, setReplace] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<{ link: string; ends: string } | null>(null);

  // What a court is, another organisation is not: it is asked again with another name.
  const kind = chosen ?? (org === known?.org ? before.orgKind : "");

  const send = (): void => {
    setBusy(true);
    setError(null);
    const scope = { units: listed(units), cameras: listed(cameras) };
    const again = known === null ? {} : { person: known.person, replace };
    invite({ name, org, org_kind: kind, roles, outside, ...scope, ...again })
      .then(setMade)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  if (made !== null) return <Link link={made.link} ends={made.ends} onClose={onClose} />;
  return (
    <Dialog title={words.title} lead={words.lead} onClose={onClose} testid="invite-dialog">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <label className="labelled">
          {words.name}
          <input
            className="field"
            required
            maxLength={100}
            value={name}
            data-first
            onChange={(event) => setName(event.target.value)}
          />
          <small>{words.nameHint}</small>
        </label>
        <label className="labelled">
          {words.org}
          <input
            className="field"
            required
            maxLength={200}
            value={org}
            onChange={(event) => setOrg(event.target.value)}
          />
          <small>{words.orgHint}</small>
        </label>
        <label className="labelled">
          {words.orgKind}
          <select
            className="field"
            value={kind}
            data-testid="org-kind"
            onChange={(event) => setChosen(event.target.value)}
          >
            <option value="">{words.orgKindNone}</option>
            {Object.entries(texts.people.orgKinds).map(([id, label]) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
          <small>{words.orgKindHint}</small>
        </label>
        <fieldset className="group">
          <legend>{words.roles}</legend>
          <div className="choices pairs">
            {Object.entries(texts.roles).map(([role, label]) => (
              <label key={role} className="choice">
                <input
                  type="checkbox"
                  checked={roles.includes(role)}
                  onChange={(event) =>
                    setRoles(
                      event.target.checked
                        ? [...roles, role]
                        : roles.filter((other) => other !== role),
                    )
                  }
                />
                <span>{label}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <label className="choice">
          <input
            type="checkbox"
            checked={outside}
            onChange={(event) => setOutside(event.target.checked)}
          />
          <span>{words.outside}</span>
        </label>
        <div className="pair">
          <label className="labelled">
            {words.units}
            <input
              className="field"
              value={units}
              onChange={(event) => setUnits(event.target.value)}
            />
            <small>{words.scopeHint}</small>
          </label>
          <label className="labelled">
            {words.cameras}
            <input
              className="field"
              value={cameras}
              onChange={(event) => setCameras(event.target.value)}
            />
            <small>{words.scopeHint}</small>
          </label>
        </div>
        {known !== null && (
          <label className="choice">
            <input
              type="checkbox"
              checked={replace}
              onChange={(event) => setReplace(event.target.checked)}
            />
            <span>{words.replace}</span>
          </label>
        )}
        <Problem error={error} />
        <div className="actions">
          <button type="button" className="button quiet" onClick={onClose}>
            {texts.cancel}
          </button>
          <button
            className="button primary"
            disabled={busy || roles.length === 0}
            data-testid="make-link"
          >
            {words.make}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Link({ link, ends, onClose }: { link: string; ends: string; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(link).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <Dialog
      title={words.done}
      lead={`${words.lead} ${texts.people.until(dateTime(Date.parse(ends)))}.`}
      onClose={onClose}
      testid="link-dialog"
    >
      <input
        className="field"
        readOnly
        aria-label={words.done}
        value={link}
        data-testid="link"
        data-first
        onFocus={(event) => event.target.select()}
      />
      <div className="actions">
        <span className="saved" role="status">
          {copied && words.copied}
        </span>
        <button type="button" className="button" onClick={copy}>
          {words.copy}
        </button>
        <button type="button" className="button primary" data-testid="link-done" onClick={onClose}>
          {texts.close}
        </button>
      </div>
    </Dialog>
  );
}
