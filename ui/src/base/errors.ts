// What goes wrong, told to a person: a code for tests and programs, a sentence, and what to do.

/** A check found that something does not hold. `code` names the lie; `detail` is for experts. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
  constructor(
    readonly code: string,
    message: string,
    readonly detail = "",
  ) {
    super(message);
  }
}

/** The server answered with `{code, message, hint}`. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint = "",
  ) {
    super(message);
  }
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
