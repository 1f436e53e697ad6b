import { experimentRegistry } from '../experiments/index.ts';

/** Refuses a spec that can be seen to be impossible. @throws CupbearerError as the experiment's `check`. */
export function checkRun({ experiment, spec }: { experiment: string; spec: Record<string, unknown> }): void {
  experimentRegistry.get(experiment).check(spec);
}
