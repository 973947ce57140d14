// What is wrong with an answer to what residents wrote, before anything is sent: the server's own
// rules (`answer_body` in register/statements.py, `ReportReply` in web/routes/letters.py). HTML's
// minlength counts spaces, which they do not.

import { registerTexts } from "../../messages/register.ts";

interface Words {
  outcomes: readonly (readonly [value: string, label: string])[];
  noOutcome: string;
  tooShort: string;
  tooLong: string;
}

const SHORTEST = 3;
const LONGEST = 4000;
const LONGEST_OF_REPORT = 2000;

/** As Python counts them: characters, not UTF-16 units. */
const length = (text: string): number => Array.from(text).length;

function fault(words: Words, longest: number, outcome: string, text: string): string | null {
  if (!words.outcomes.some(([value]) => value === outcome)) return words.noOutcome;
  const reasons = length(text.trim());
  if (reasons < SHORTEST) return words.tooShort;
  return reasons > longest ? words.tooLong : null;
}

/** What to mend, or null if the answer to an objection may be read and signed. */
export const answerFault = (outcome: string, text: string): string | null =>
  fault(registerTexts.answer, LONGEST, outcome, text);

/** What to mend, or null if the answer to a report may be published. */
export const reportFault = (state: string, text: string): string | null =>
  fault(registerTexts.report, LONGEST_OF_REPORT, state, text);
