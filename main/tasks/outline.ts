import { refuse, type Misfit } from '../../shared/misfit.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { describeClassifier, type KnownClassifier } from './classifier.ts';
import type { PickedTask } from './common-params.ts';
import { taskRegistry } from './index.ts';
import type { TaskOffers } from './offers.ts';
import type { Recorded, TaskOutline } from './task.ts';
import { trainingMisfits } from './trained-on.ts';

/** What the task that `spec` names has for a detector to learn from, by its parameters alone. */
export function taskOffers({ name, ...params }: PickedTask): TaskOffers {
  return taskRegistry.get(name).offers(params);
}

/** Whether a task watches a classifier; others bring along what a model has made of their samples. */
export function watchesClassifier(name: string): boolean {
  return taskRegistry.get(name).watches.what === 'classifier';
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
  const { watches } = task;
  return [
    ...(classifier && task.trainedOn ? trainingMisfits(task.trainedOn, classifier) : []),
    ...((classifier && watches.what === 'classifier' && watches.misfits?.(params, classifier, dataDir)) || []),
    ...task.faults(params),
  ];
}

/**
 * What is known of the task that `spec` names without loading any data; not what its source is where that is in files of others,
 * which {@link outlineRecords} looks at. @throws CupbearerError for one that cannot be built.
 */
export function outlineTask(spec: PickedTask, dataDir: string): Partial<TaskOutline> & Pick<TaskOutline, 'offers'> {
  const offers = taskOffers(spec);
  if (!watchesClassifier(spec.name)) {
    refuse(taskMisfits(spec, undefined, dataDir));
    return { offers };
  }
  const classifier = describeClassifier(classifierOf(spec));
  refuse(taskMisfits(spec, classifier, dataDir));
  return { source: classifier.outline, offers };
}

/**
 * What was recorded for a task that brings its activations along. @throws CupbearerError for files that cannot be read, or do not go
 * together.
 */
export async function outlineRecords({ name, ...params }: PickedTask): Promise<Recorded> {
  const { watches } = taskRegistry.get(name);
  if (watches.what === 'records') return watches.outline(params);
  throw new CupbearerError('internal', `The task "${name}" has no activations of its own.`);
}

/** The run folder of the classifier that a task watches. */
function classifierOf({ name, run_path: folder }: PickedTask): string {
  if (folder !== undefined) return folder;
  throw new CupbearerError('internal', `The task "${name}" watches a classifier, and none is named.`);
}
