// Signing in: a passkey, or the city's identity provider where one is set up. No passwords.

import { useState } from "react";
import { texts } from "../../messages/en.ts";
import { useLoaded } from "../hooks.ts";
import { Mark } from "../parts/Icon.tsx";
import { Problem } from "../parts/Problem.tsx";
import { hasPasskeys, signWithPasskey } from "../passkeys.ts";
import { askSignIn, signIn, ways as fetchWays } from "../people.ts";

export function SignIn({ ended, onSignedIn }: { ended: boolean; onSignedIn: () => void }) {
  const { value: ways } = useLoaded(fetchWays);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const words = texts.signIn;

  const enter = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await signIn(await signWithPasskey(await askSignIn()));
      onSignedIn();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };

  return (
    <main className="door" data-testid="signed-out">
      <Mark />
      <h1>{words.title}</h1>
      {ended && (
        <p className="warning" role="status" data-testid="session-ended">
          {words.ended}
        </p>
      )}
      <p className="lead">{words.lead}</p>
      <Problem error={error} />
      <div className="ways">
        <button
          type="button"
          className="button primary"
          autoFocus
          disabled={busy || !hasPasskeys()}
          data-testid="sign-in"
          onClick={() => void enter()}
        >
          {busy ? words.waiting : words.passkey}
        </button>
        {ways?.oidc !== undefined && ways.oidc !== null && (
          <a className="button" href={ways.oidc.start} data-testid="sign-in-oidc">
            {words.provider(ways.oidc.name)}
          </a>
        )}
      </div>
      {!hasPasskeys() && <p className="quiet">{texts.passkey.unsupported}</p>}
      <p className="quiet">{words.help}</p>
      <a href="/">{words.public}</a>
    </main>
  );
}
