import type { Application } from '../application.ts';
import { calls } from '../calls.ts';

/** A stream that nobody can end from outside goes on until it ends by itself. */
const never = new AbortController().signal;

/** The calls about what was deleted and can be restored. */
export function trashCalls({ trash: service, follower }: Application) {
  const { trash } = calls;
  return {
    watch: trash.watch.handler(({ signal = never }) => service.watch(signal)),
    restore: trash.restore.handler(async ({ input }) => {
      const restored = await service.restore(input.ids);
      follower.follow();
      return { restored };
    }),
    delete: trash.delete.handler(({ input }) => {
      service.delete(input.ids);
      return {};
    }),
    empty: trash.empty.handler(() => {
      service.empty();
      return {};
    }),
  };
}
