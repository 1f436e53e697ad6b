import type { Application } from '../application.ts';
import { calls } from '../calls.ts';

/** The calls by which files arrive. */
export function uploadsCalls({ uploads }: Application) {
  return {
    begin: calls.uploads.begin.handler(() => ({ id: uploads.begin() })),
    put: calls.uploads.put.handler(async ({ input: { id, ...part } }) => {
      await uploads.put(id, part);
      return {};
    }),
    drop: calls.uploads.drop.handler(async ({ input }) => {
      await uploads.drop(input.id);
      return {};
    }),
  };
}
