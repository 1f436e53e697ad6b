import { refuse, type Misfit } from '../../shared/misfit.ts';
import { describeClassifier, type KnownClassifier } from './classifier.ts';
import type { PickedTask } from './common-params.ts';
import { taskRegistry } from './index.ts';
import { splitMisfits } from './splits.ts';
import type { TaskOffers, TaskOutline } from './task.ts';
import { trainingMisfits } from './trained-on.ts';

/** What the task that `spec` names has for a detector to learn from, by its parameters alone. */
export function taskOffers({ name, ...params }: PickedTask): TaskOffers {
  const { trusted_fraction: trusted, untrusted_labels: isLabelled } = params;
  const hasUntrusted = taskRegistry.get(name).hasUntrusted?.(params) ?? trusted < 1;
  return { trusted: trusted > 0, untrusted: hasUntrusted, anomalyLabels: hasUntrusted && isLabelled };
}

/**
 * Why the task that `spec` names cannot be built, with paths below the task; nothing where it can, as far as can be seen
 * without loading any data, which lie in `dataDir`. What does not go with its classifier is left out where nothing is known of that.
 */
export function taskMisfits(
  { name, ...params }: PickedTask,
  classifier: KnownClassifier | undefined,
  dataDir: string,
): Misfit[] {
  const task = taskRegistry.get(name);
  return [
    ...(classifier && task.trainedOn ? trainingMisfits(task.trainedOn, classifier) : []),
    ...((classifier && task.misfits?.(params, classifier, dataDir)) ?? []),
    ...splitMisfits(params),
  ];
}

/** What the task that `spec` names will give, without loading any data. @throws CupbearerError for one that cannot be built. */
export function outlineTask(spec: PickedTask, dataDir: string): TaskOutline {
  const classifier = describeClassifier(spec.run_path);
  refuse(taskMisfits(spec, classifier, dataDir));
  return { network: classifier.network, offers: taskOffers(spec) };
}
