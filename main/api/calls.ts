import { implement, ORPCError } from '@orpc/server';
import { contract } from '../../shared/contract.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import { inWindow } from './window-errors.ts';

/** What an error is on the other side: refused input and what is `FAILED` already pass as they are. */
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
 * Where the calls of the contract are implemented from. Handlers check, call and map, no more; what they throw, at once or
 * in the middle of a stream, reaches the other side as `FAILED` with the record that a person is shown.
 */
export const calls = implement(contract).use(async ({ next }) => {
  try {
    const result = await next();
    return isStream(result.output) ? { ...result, output: withFailures(result.output) } : result;
  } catch (error) {
    throw toFailed(error);
  }
});
