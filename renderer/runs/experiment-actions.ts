import type { ExperimentChanges, ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { client } from '../app/client.ts';
import { router } from '../app/router.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
import { undo } from '../app/undo.svelte.ts';
import { counted } from '../../shared/format.ts';
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

/** Begins no more runs of an experiment; those that are being computed go on. */
export const pauseExperiment = ({ id }: ExperimentSummary): Promise<void> =>
  attempt(() => client.experiments.pause({ id }));

/** Goes on with an experiment that is paused. */
export const resumeExperiment = ({ id }: ExperimentSummary): Promise<void> =>
  attempt(() => client.experiments.resume({ id }));

/** Has runs of an experiment come next, by the keys of its queue. */
export const computeFirst = ({ id }: ExperimentSummary, keys: readonly string[]): Promise<void> =>
  attempt(() => client.experiments.first({ id, keys: [...keys] }));

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

/**
 * Moves an experiment into the trash with its runs; the message offers to restore it, and says which runs stay. Returns whether it is
 * there.
 */
export async function removeExperiment({ id, name }: ExperimentSummary): Promise<boolean> {
  try {
    const { trash, runs, kept } = await client.experiments.remove({ id });
    if (trash === null) toasts.show({ message: `Taken off the list: ${name}`, hint: 'Its folder was gone already.' });
    else {
      const hint = kept === 0 ? undefined : `${counted(kept, 'run')} in it stay: other experiments use them.`;
      undo.did(`Moved to trash: ${name}, ${counted(runs, 'run')}`, () => client.trash.restore({ ids: [trash] }), hint);
    }
    return true;
  } catch (error) {
    toasts.failed(error);
    return false;
  }
}

/** Locks an experiment, so that it is refused to delete it and the runs in its cells, or unlocks it. */
export const lockExperiment = ({ id, name }: ExperimentSummary, locked: boolean): Promise<void> =>
  attempt(async () => {
    await client.experiments.lock({ id, locked });
    undo.did(`${locked ? 'Locked' : 'Unlocked'}: ${name}`, () => client.experiments.lock({ id, locked: !locked }));
  });

/** Starts an experiment that ships with the program and shows it. */
export const startSuite = (suite: string): Promise<void> =>
  attempt(async () => {
    const { id } = await client.experiments.startSuite({ suite });
    router.go({ screen: 'experiment', id, metric: 'auroc' });
  });
