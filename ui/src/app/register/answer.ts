// What is wrong with an answer to an objection, before anything is sent: the server's own rule
// (`answer_body` in register/statements.py). HTML's minlength counts spaces, which it does not.

import { registerTexts } from "../../messages/register.ts";

const words = registerTexts.answer;
const SHORTEST = 3;
const LONGEST = 4000;

/** As Python counts them: characters, not UTF-16 units. */
const length = (text: string): number => Array.from(text).length;

/** What to mend, or null if the answer may be read and signed. */
export function answerFault(outcome: string, text: string): string | null {
  if (!words.outcomes.some(([value]) => value === outcome)) return words.noOutcome;
  const reasons = length(text.trim());
  if (reasons < SHORTEST) return words.tooShort;
  return reasons > LONGEST ? words.tooLong : null;
}
