import { ORPCError } from '@orpc/server';
import type { StandardRPCHandlerOptions } from '@orpc/server/standard';
import { checkJsonBounds, usualJsonBounds } from '../../shared/bounded-json.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import { isDeeperThan } from '../../shared/json-depth.ts';
import { messageTextBounds } from './message-limits.ts';

/**
 * The door of every host. Answers a call that the contract does not have with an error that says so, rather than with a
 * page that is missing, and refuses an input that is nested deeper than anything the program knows, because validated
 * code recurses over it.
 */
export const rpcHandlerOptions: StandardRPCHandlerOptions<Record<never, never>> = {
  rootInterceptors: [
    async (call) => {
      const refusal = refusalOf(await call.request.body(), call.request.method);
      if (refusal !== undefined) return refused(new ORPCError('BAD_REQUEST', { message: refusal }));
      const result = await call.next();
      if (result.matched) return result;
      const name = call.request.url.pathname.slice(1).replaceAll('/', '.').slice(0, 100);
      return refused(new ORPCError('NOT_FOUND', { message: `There is no call "${name}".` }));
    },
  ],
  clientInterceptors: [
    (call) => {
      const { mostDepth } = usualJsonBounds;
      if (!isDeeperThan(call.input)) return call.next();
      throw new ORPCError('BAD_REQUEST', {
        message: `Expected an input nested at most ${mostDepth} levels deep, found it nested deeper.`,
      });
    },
  ],
};

/**
 * Why a request is not looked into: the JSON beside the files of a form was not checked when the message was decoded.
 */
function refusalOf(body: unknown, method: string): string | undefined {
  if (method !== 'POST') return 'Calls are made by POST.';
  const text = body instanceof FormData ? body.get('data') : null;
  if (typeof text !== 'string') return undefined;
  try {
    checkJsonBounds(text, messageTextBounds, 'The input');
    return undefined;
  } catch (error) {
    return toErrorRecord(error).message;
  }
}

function refused(error: ORPCError<string, unknown>) {
  return {
    matched: true as const,
    response: { status: error.status, headers: {}, body: { json: error.toJSON() } },
  };
}
