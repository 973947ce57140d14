// One camera's recording: asks why, opens a logged playback, shows it.

import { useCallback, useState } from "react";
import { cameras as fetchCameras, startPlayback, type Me, type Playback } from "../api.ts";
import { useLoaded } from "../hooks.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { Problem } from "../parts/Problem.tsx";
import { PurposeForm } from "../parts/PurposeForm.tsx";
import { go } from "../router.ts";
import { texts } from "../../messages/en.ts";
import { clockTime, serverNow } from "../../video/clock.ts";
import { Screen } from "./Screen.tsx";

interface Props {
  me: Me;
  camera: string;
  at: number | null;
}

/** Around a chosen time: so much before and after it. */
const AROUND_MS = 300_000;

export function PlaybackPage({ me, camera: id, at }: Props) {
  const { value: cameras, error: camerasError } = useLoaded(fetchCameras);
  const [playback, setPlayback] = useState<Playback | null>(null);
  const [purpose, setPurpose] = useState<[string, string]>(["", ""]);
  const [seconds, setSeconds] = useState<number>(texts.playback.ranges[0][1]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const camera = cameras?.find((item) => item.id === id);

  const open = useCallback(
    (why: string, incident: string, around: number | null): void => {
      setBusy(true);
      setError(null);
      const now = serverNow();
      const from = around === null ? now - seconds * 1000 : around - AROUND_MS;
      const to = around === null ? now : Math.min(around + AROUND_MS, now);
      startPlayback(id, from, to, why, incident)
        .then((answer) => {
          setPurpose([why, incident]);
          setPlayback(answer);
        })
        .catch((reason: unknown) => setError(reason))
        .finally(() => setBusy(false));
    },
    [id, seconds],
  );

  if (camerasError !== null) return <Problem error={camerasError} />;
  if (camera === undefined) return null;
  if (playback === null) {
    return (
      <Dialog
        title={texts.playback.why}
        lead={texts.playback.lead}
        onClose={() => go("/app/")}
        testid="playback-dialog"
      >
        <p className="facts">
          <strong>{camera.name}</strong> {at !== null && texts.playback.around(clockTime(at))}
        </p>
        <Problem error={error} />
        <PurposeForm
          choices={choicesFor(me)}
          submit={texts.playback.open}
          busy={busy}
          onCancel={() => go("/app/")}
          onPurpose={(why, incident) => open(why, incident, at)}
        >
          {at === null && (
            <div className="segments" role="group" aria-label={texts.playback.range}>
              <span>{texts.playback.range}</span>
              {texts.playback.ranges.map(([label, value]) => (
                <button
                  key={value}
                  type="button"
                  aria-pressed={seconds === value}
                  onClick={() => setSeconds(value)}
                >
                  {label}
                </button>
              ))}
            </div>
          )}
        </PurposeForm>
      </Dialog>
    );
  }
  return (
    <>
      <Problem error={error} />
      <Screen
        key={playback.playback}
        me={me}
        camera={camera}
        playback={playback}
        startAt={at}
        onNewer={() => open(...purpose, null)}
      />
    </>
  );
}

/** The purpose that the session has comes first. */
function choicesFor(me: Me): string[] {
  const first = me.purpose === null || me.purpose === "" ? [] : [me.purpose];
  const listed = me.purposes ?? texts.playback.choices;
  return [...first, ...listed.filter((item) => !first.includes(item))];
}
