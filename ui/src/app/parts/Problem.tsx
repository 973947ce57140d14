// What went wrong, in the server's own words, with what to do.

import { messageOf, ServerError } from "../../base/errors.ts";
import { texts } from "../../messages/en.ts";

export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error === null || error === undefined) return null;
  return (
    <div className="problem" role="alert" data-testid="problem">
      <strong>{messageOf(error)}</strong>
      {error instanceof ServerError && error.hint !== "" && <span>{error.hint}</span>}
      {onRetry !== undefined && (
        <button type="button" className="button quiet" onClick={onRetry}>
          {texts.errors.retry}
        </button>
      )}
    </div>
  );
}
