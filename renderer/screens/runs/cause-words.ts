import type { RunSummary } from '../../../shared/domain/live.ts';
import { smallerBatchHelps } from '../../../shared/errors.ts';

/**
 * Says why a run ended early, in the few words that fit into a row: "Loss not finite, epoch 3"; '' where its status
 * says it all. The whole of it is the error's message.
 */
export function causeWords(
  { status, error }: Pick<RunSummary, 'status' | 'error'>,
  runs: ReadonlyMap<string, Pick<RunSummary, 'kind'>>,
): string {
  if (error === null) return status === 'cancelled' ? '' : 'Ended without a word';
  const { code, message, details = {} } = error;
  if (typeof details['run'] === 'string') {
    const kind = runs.get(details['run'])?.kind ?? 'run before it';
    return `The ${kind} ${code === 'cancelled' ? 'was cancelled' : 'failed'}`;
  }
  if (status === 'cancelled') return '';
  if (code === 'non-finite' && typeof details['epoch'] === 'number')
    return `Loss not finite, epoch ${details['epoch']}`;
  if (Object.keys(smallerBatchHelps).some((key) => details[key] === true)) return 'Out of memory';
  if (code === 'crashed') return 'Its process ended';
  return message;
}
