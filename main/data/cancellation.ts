import { CupbearerError } from '../../shared/errors.ts';

/**
 * @throws CupbearerError `cancelled` if `signal` was aborted; `what` names the work, for example "Loading mnist".
 * Called between batches.
 */
export function checkNotCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new CupbearerError('cancelled', `${what} was cancelled.`);
}
