import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { client } from '../app/client.ts';
import { router } from '../app/router.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
import { undo } from '../app/undo.svelte.ts';
import { counted } from '../../shared/format.ts';
import { attempt } from './run-actions.ts';

/** Computes what of an experiment is not there yet. */
export const startExperiment = ({ id }: ExperimentSummary): Promise<void> =>
  attempt(() => client.experiments.start({ id }));

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
