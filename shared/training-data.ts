import { asPicked, type Picked } from './schema/fields.ts';

/** Data to learn from, as they are before any trigger, and the trigger that some of them carry. */
export interface TrainingData {
  readonly original: Picked;
  readonly trigger?: Picked;
}

/** Declared by a dataset that poisons another one: its parameters that name that one and the trigger. */
export interface PoisonKeys {
  readonly original: string;
  readonly trigger: string;
}

/** Splits data, which need not be valid, into the original and the trigger; `poisons` comes from their definition. */
export function partsOfTraining(data: Picked, poisons: PoisonKeys | undefined): TrainingData {
  const [original, trigger] = poisons ? [asPicked(data[poisons.original]), asPicked(data[poisons.trigger])] : [];
  return original && trigger ? { original, trigger } : { original: data };
}

/** The classifiers for which a task is proposed: those that have learned a trigger, or those that have not. */
export const proposals = ['poisoned', 'unpoisoned'] as const;

/** What a task says of the classifiers that it is for. */
export interface TaskRole {
  readonly trainedOn?: { readonly dataset: string } | undefined;
  readonly proposedFor?: (typeof proposals)[number] | undefined;
}

/**
 * The task that shows most of a classifier: what triggers do to it, or what it was trained to be watched for.
 * @throws Error if no task is proposed for such a classifier.
 */
export function proposedTask<T extends TaskRole>(tasks: readonly T[], { original, trigger }: TrainingData): T {
  const made = tasks.find(({ trainedOn }) => !trigger && trainedOn?.dataset === original.name);
  const wanted = trigger ? 'poisoned' : 'unpoisoned';
  const task = made ?? tasks.find(({ proposedFor }) => proposedFor === wanted);
  if (!task) throw new Error(`No task is proposed for a classifier whose data are ${wanted}.`);
  return task;
}
