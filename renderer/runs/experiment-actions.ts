import type { ExperimentChanges, ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { client } from '../app/client.ts';
import { router } from '../app/router.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
import { attempt } from './run-actions.ts';

/** Computes what of an experiment is not there yet. */
export const startExperiment = ({ id }: Pick<ExperimentSummary, 'id'>): Promise<void> =>
  attempt(() => client.experiments.start({ id }));

/** Computes one cell again, by the labels of its row and column. */
export const repeatCell = (id: string, detector: string, task: string): Promise<void> =>
  attempt(() => client.experiments.start({ id, cells: [{ detector, task }] }));

/**
 * Changes what people say of an experiment, and offers to take it back: what differs from `before` alone.
 * @throws CupbearerError as the call does.
 */
export async function changeExperiment(
  id: string,
  before: Required<ExperimentChanges>,
  wanted: Required<ExperimentChanges>,
): Promise<void> {
  const changed = (Object.keys(wanted) as (keyof ExperimentChanges)[]).filter(
    (key) => JSON.stringify(wanted[key]) !== JSON.stringify(before[key]),
  );
  if (changed.length === 0) return;
  const part = (of: Required<ExperimentChanges>) => Object.fromEntries(changed.map((key) => [key, of[key]]));
  await client.experiments.change({ id, ...part(wanted) });
  const [first] = changed;
  const what = changed.length === 1 && first ? first : 'description';
  toasts.undo(`Changed the ${what}: ${wanted.name}`, () =>
    attempt(() => client.experiments.change({ id, ...part(before) })),
  );
}

/** Stops an experiment; what is done is kept. */
export const stopExperiment = ({ id }: ExperimentSummary): Promise<void> =>
  attempt(() => client.experiments.stop({ id }));

/** Takes an experiment off the list. Returns whether it is. */
export async function forgetExperiment({ id, name }: ExperimentSummary): Promise<boolean> {
  try {
    await client.experiments.forget({ id });
    toasts.show({ message: `Taken off the list: ${name}`, hint: 'Its runs and its folder stay.' });
    return true;
  } catch (error) {
    toasts.failed(error);
    return false;
  }
}

/** Starts an experiment that ships with the program and shows it. */
export const startSuite = (suite: string): Promise<void> =>
  attempt(async () => {
    const { id } = await client.experiments.startSuite({ suite });
    router.go({ screen: 'experiment', id, metric: 'auroc' });
  });
