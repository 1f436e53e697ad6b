import { implement, ORPCError } from '@orpc/server';
import { contract } from '../../shared/contract.ts';
import { toErrorRecord } from '../../shared/errors.ts';

/**
 * Where the calls of the contract are implemented from. Handlers check, call and map, no more; what they throw reaches the
 * other side as `FAILED` with the record that a person is shown.
 */
export const calls = implement(contract).use(async ({ next, errors }) => {
  try {
    return await next();
  } catch (error) {
    // Refused input and errors that are FAILED already pass as they are.
    if (error instanceof ORPCError) throw error;
    const { stack: _, ...data } = toErrorRecord(error);
    throw errors.FAILED({ message: data.message, data });
  }
});
