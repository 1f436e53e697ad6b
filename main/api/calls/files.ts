import type { Application } from '../application.ts';
import { calls } from '../calls.ts';

/** The calls by which a window fetches files that were made for it. */
export function filesCalls({ made }: Application) {
  return {
    part: calls.files.part.handler(async ({ input: { id, start } }) => new Blob([await made.part(id, start)])),
    drop: calls.files.drop.handler(async ({ input }) => {
      await made.drop(input.id);
      return {};
    }),
  };
}
