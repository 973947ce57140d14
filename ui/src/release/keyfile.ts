// A person's key file (docs/design/interfaces.md, "Tools' page"): it never leaves this page.

import { CheckFailed } from "../base/errors.ts";
import { isObject, SigningKey } from "../log/entries.ts";
import { Policy } from "../log/policy.ts";
import { recipientOf } from "../seal/shares.ts";

export interface KeyFile {
  person: string;
  name: string;
  signing: SigningKey;
  age: string;
  recipient: string;
  policy: Policy;
  founding: string;
}

/** Throws CheckFailed("key-file") saying what is wrong. */
export async function readKeyFile(source: string): Promise<KeyFile> {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw badKeyFile("This is not a key file.");
  }
  if (!isObject(value) || value.v !== 1) throw badKeyFile("This is not a key file.");
  const { person, name, signing, age, policy, founding } = value;
  if (typeof person !== "string" || typeof signing !== "string" || typeof age !== "string") {
    throw badKeyFile("This key file is not complete.");
  }
  if (
    typeof policy !== "string" ||
    typeof founding !== "string" ||
    !/^[0-9a-f]{64}$/.test(founding)
  ) {
    throw badKeyFile("This key file does not say which log it trusts.");
  }
  const trusted = Policy.parse(policy);
  if (!trusted.asksWitnesses) {
    throw badKeyFile("This key file asks for no witness, so a log could show everybody another.");
  }
  const recipient = await recipientOf(age);
  if (recipient === "") throw badKeyFile("This key file does not hold a key that opens.");
  return {
    person,
    name: typeof name === "string" ? name : person,
    signing: SigningKey.fromPem(signing),
    age,
    recipient,
    policy: trusted,
    founding,
  };
}

const badKeyFile = (message: string): CheckFailed => new CheckFailed("key-file", message);
