import { runRegistry } from '../runs/index.ts';

/** Refuses a spec that can be seen to be impossible. @throws CupbearerError as the experiment's `check`. */
export function checkRun({ experiment, spec }: { experiment: string; spec: Record<string, unknown> }): void {
  runRegistry.get(experiment).check(spec);
}
