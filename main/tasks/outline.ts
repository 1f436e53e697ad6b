import { refuse, type Misfit } from '../../shared/misfit.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { describeClassifier, type KnownClassifier } from './classifier.ts';
import { taskRegistry } from './index.ts';
import { splitMisfits, type SplitParams } from './splits.ts';
import type { TaskOffers, TaskOutline } from './task.ts';
import { trainingMisfits } from './trained-on.ts';

/** What the task that `spec` names has for a detector to learn from, by its parameters alone. */
export function taskOffers({ name, ...params }: Picked): TaskOffers {
  const { trusted_fraction: trusted, untrusted_labels: isLabelled } = params as unknown as SplitParams;
  const hasUntrusted = taskRegistry.get(name).hasUntrusted?.(params) ?? trusted < 1;
  return { trusted: trusted > 0, untrusted: hasUntrusted, anomalyLabels: hasUntrusted && isLabelled };
}

/**
 * Why the task that `spec` names cannot be built, with paths below the task; nothing where it can, as far as can be seen
 * without loading any data. What does not go with its classifier is left out where nothing is known of that.
 */
export function taskMisfits({ name, ...params }: Picked, classifier: KnownClassifier | undefined): Misfit[] {
  const task = taskRegistry.get(name);
  return [
    ...(classifier && task.trainedOn ? trainingMisfits(task.trainedOn, classifier) : []),
    ...((classifier && task.misfits?.(params, classifier)) ?? []),
    ...splitMisfits(params as unknown as SplitParams),
  ];
}

/** What the task that `spec` names will give, without loading any data. @throws CupbearerError for one that cannot be built. */
export function outlineTask(spec: Picked): TaskOutline {
  const classifier = describeClassifier(spec['run_path'] as string);
  refuse(taskMisfits(spec, classifier));
  return { network: classifier.network, offers: taskOffers(spec) };
}
