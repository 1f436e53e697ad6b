import { createORPCClient, ORPCError } from '@orpc/client';
import type { ClientContext, ClientLink, ClientOptions } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import type { contract } from '../../shared/contract.ts';
import { CupbearerError, fromErrorRecord } from '../../shared/errors.ts';
import type { ErrorRecord } from '../../shared/errors.ts';
import { connection } from './connection.svelte.ts';

type Client = ContractRouterClient<typeof contract>;

/**
 * Calls of the contract. Each waits while the connection is down, and goes out once; a call that was cut off rejects
 * with `crashed`. Whatever rejects is a CupbearerError.
 */
export const client: Client = createORPCClient(
  linkOf((path, input, options) => connection.link(options.signal).then((link) => link.call(path, input, options))),
);

function linkOf(
  call: (path: readonly string[], input: unknown, options: ClientOptions<ClientContext>) => Promise<unknown>,
): ClientLink<ClientContext> {
  return {
    async call(path, input, options) {
      try {
        const output = await call(path, input, options);
        return isIterator(output) ? translated(output) : output;
      } catch (error) {
        throw toCupbearerError(error);
      }
    },
  };
}

type Stream = AsyncIteratorObject<unknown, unknown, void>;

const isIterator = (value: unknown): value is Stream =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** The same stream; written out rather than as a generator, which could not be returned from while it waits. */
function translated(stream: Stream): AsyncIterableIterator<unknown, unknown, void> {
  return {
    async next() {
      try {
        return await stream.next();
      } catch (error) {
        throw toCupbearerError(error);
      }
    },
    async return(value?: unknown) {
      await stream.return?.(value);
      return { done: true, value };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** What a call rejected with, as an error that a person can be shown. */
export function toCupbearerError(error: unknown): CupbearerError {
  if (error instanceof CupbearerError) return error;
  if (error instanceof ORPCError) {
    // FAILED is the only error of the contract, and the sender has checked its data.
    if (error.code === 'FAILED') return fromErrorRecord(error.data as ErrorRecord);
    const text = error.message.replace(/\.$/, '');
    if (error.code === 'BAD_REQUEST') return new CupbearerError('usage', `The request was refused: ${text}.`);
    return new CupbearerError('internal', `The program could not answer: ${text}.`);
  }
  if (error instanceof DOMException && error.name === 'AbortError')
    return new CupbearerError('cancelled', 'Cancelled.', { cause: error });
  if (error instanceof Error && connection.isCutOff(error))
    return new CupbearerError('crashed', 'The connection to the program was lost before it answered.', {
      hint: 'It is being restored; try again then.',
      cause: error,
    });
  return new CupbearerError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}
