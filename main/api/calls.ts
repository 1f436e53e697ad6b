import { implement, ORPCError } from '@orpc/server';
import { contract } from '../../shared/contract.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import { inWindow } from './window-errors.ts';

/** Turns an error into the one that the other side gets. Refused input and what is `FAILED` already pass unchanged. */
function toFailed(error: unknown): unknown {
  if (error instanceof ORPCError) return error;
  const { stack: _, ...data } = inWindow(toErrorRecord(error));
  return new ORPCError('FAILED', { defined: true, status: 422, message: data.message, data });
}

function isStream(output: unknown): output is AsyncIterable<unknown> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output;
}

async function* withFailures(stream: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  try {
    yield* stream;
  } catch (error) {
    throw toFailed(error);
  }
}

/**
 * Implements the calls of the contract. Handlers check, call and map, nothing else. What they throw, at once or in the
 * middle of a stream, reaches the other side as `FAILED` with the record that is shown to the user.
 */
export const calls = implement(contract).use(async ({ next }) => {
  try {
    const result = await next();
    return isStream(result.output) ? { ...result, output: withFailures(result.output) } : result;
  } catch (error) {
    throw toFailed(error);
  }
});
