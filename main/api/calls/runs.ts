import type { Application } from '../application.ts';
import { calls } from '../calls.ts';

/** The calls about runs. */
export function runsCalls({ workbench }: Application) {
  return {
    takeUp: calls.runs.takeUp.handler(({ input }) => workbench.catalogue.rebuild([input.folder])),
  };
}
