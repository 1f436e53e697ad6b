import { ORPCError } from '@orpc/server';
import type { StandardRPCHandlerOptions } from '@orpc/server/standard';

/** Answers a call that the contract does not have with an error that says so, rather than with a page that is missing. */
export const rpcHandlerOptions: StandardRPCHandlerOptions<Record<never, never>> = {
  rootInterceptors: [
    async (call) => {
      const result = await call.next();
      if (result.matched) return result;
      const name = call.request.url.pathname.slice(1).replaceAll('/', '.').slice(0, 100);
      const error = new ORPCError('NOT_FOUND', { message: `There is no call "${name}".` });
      return { matched: true, response: { status: error.status, headers: {}, body: { json: error.toJSON() } } };
    },
  ],
};
