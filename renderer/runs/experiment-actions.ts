import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { client } from '../app/client.ts';
import { router } from '../app/router.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
import { attempt } from './run-actions.ts';

/** Computes what of an experiment is not there yet. */
export const startExperiment = ({ id }: ExperimentSummary): Promise<void> =>
  attempt(() => client.experiments.start({ id }));

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

/** Starts an experiment that ships with the program and shows it. */
export const startSuite = (suite: string): Promise<void> =>
  attempt(async () => {
    const { id } = await client.experiments.startSuite({ suite });
    router.go({ screen: 'experiment', id, metric: 'auroc' });
  });
