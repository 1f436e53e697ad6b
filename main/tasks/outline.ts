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
 * Returns why the task that `spec` names cannot be built, with paths below the task; nothing if it can, as far as is
 * known without loading any data. Leaves out what does not fit its classifier if nothing is known about that.
 */
export function taskMisfits({ name, ...params }: PickedTask, classifier: KnownClassifier | undefined): Misfit[] {
  const task = taskRegistry.get(name);
  return [
    ...(classifier && task.trainedOn ? trainingMisfits(task.trainedOn, classifier) : []),
    ...((classifier && task.misfits?.(params, classifier)) ?? []),
    ...splitMisfits(params),
  ];
}

/**
 * Returns what the task that `spec` names will offer, without loading any data. @throws CupbearerError if it cannot be
 * built.
 */
export function outlineTask(spec: PickedTask): TaskOutline {
  const classifier = describeClassifier(spec.run_path);
  refuse(taskMisfits(spec, classifier));
  return { network: classifier.network, offers: taskOffers(spec) };
}
