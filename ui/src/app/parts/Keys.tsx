// Keys as people compare them: what kind, what it is called, and its id in groups of four.

import { texts } from "../../messages/en.ts";
import type { KeySeen } from "../people.ts";

export function Keys({ keys }: { keys: KeySeen[] }) {
  if (keys.length === 0) return null;
  return (
    <ul className="keylist">
      {keys.map((key) => (
        <li key={key.key_id}>
          <span>
            {key.kind === "file" ? texts.keyKinds.file : key.label || texts.keyKinds.passkey}
            {key.synced && <small> {texts.keyKinds.synced}</small>}
          </span>
          <code>{grouped(key.key_id)}</code>
        </li>
      ))}
    </ul>
  );
}

export const grouped = (id: string): string => id.replaceAll(/(.{4})(?=.)/g, "$1 ");
