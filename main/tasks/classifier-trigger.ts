import { inSentence } from '../../shared/format.ts';
import { refuse, type Misfit } from '../../shared/misfit.ts';
import { describe } from '../../shared/schema/describe.ts';
import { optionalPick, type Picked } from '../../shared/schema/fields.ts';
import type { Dataset } from '../data/dataset.ts';
import { fullyPoisoned, type PoisonedDataset } from '../data/transforms/poisoning.ts';
import { loadTrigger, poisonOptions, triggerRegistry } from '../data/triggers/index.ts';
import { nameOf, unknownTrainingMisfits, type ClassifierData } from './classifier.ts';
import { parameter, worded } from '../../shared/wording.ts';

/** Parameters of a trigger that only mean something in training data: a task poisons all of its anomalous samples. */
export const trainingOnly = ['p_backdoor', 'p_noise'];

/** The key of {@link triggerParam} in all tasks that have it. */
export const triggerKey = 'backdoor';

/** The parameter that names the trigger of a task's anomalous samples. */
export const triggerParam = optionalPick(() => triggerRegistry, {
  label: 'Trigger',
  empty: "The classifier's own",
  help: 'Trigger of the anomalous data; by default the one the classifier was trained with',
  omit: trainingOnly,
});

/** Returns "corner pixel trigger". */
export function triggerName(trigger: Picked): string {
  return `${inSentence(triggerRegistry.get(trigger.name).title)} trigger`;
}

/** The trigger asked for, or the one the classifier was trained with. */
export function chosenTrigger(asked: Picked | undefined, { trigger }: ClassifierData): Picked | undefined {
  return asked ?? trigger?.spec;
}

/** No trigger where the task needs one, or none that is known. */
export function triggerMisfits({ backdoor }: { backdoor?: Picked | undefined }, classifier: ClassifierData): Misfit[] {
  if (chosenTrigger(backdoor, classifier)) return [];
  const unknown = unknownTrainingMisfits(classifier);
  if (unknown.length > 0) return unknown;
  const message = `${nameOf(classifier)} was trained without a trigger, so the task must name one.`;
  return [
    { path: [triggerKey], message, hint: worded`Choose one by ${parameter('task.backdoor')}, for example corner.` },
  ];
}

/** Datasets of one shape with the trigger on every sample. */
interface TriggeredData {
  trigger: Picked;
  poison: (dataset: Dataset) => PoisonedDataset;
}

/**
 * The trigger asked for, or the one the classifier was trained with; where they are of one kind, with what was stored
 * with the classifier. @throws CupbearerError `usage` if there is neither.
 */
export async function triggerFor(
  asked: Picked | undefined,
  classifier: ClassifierData,
  { shape, vocabulary }: Pick<Dataset, 'shape' | 'vocabulary'>,
  seed: number,
): Promise<TriggeredData> {
  refuse(triggerMisfits({ backdoor: asked }, classifier));
  const picked = chosenTrigger(asked, classifier)!;
  const stored = classifier.trigger;
  const isOwn = stored !== undefined && isSameKind(picked, stored.spec);
  const trigger = await loadTrigger(picked, {
    shape,
    vocabulary,
    seed: isOwn ? stored.seed : seed,
    ...(isOwn && stored.state ? { state: stored.state } : {}),
  });
  return {
    trigger: picked,
    poison: (dataset) => fullyPoisoned(dataset, trigger, poisonOptions(picked, seed)),
  };
}

/** Whether what was stored for one trigger serves the other: the same kind, made from the same files. */
function isSameKind(a: Picked, b: Picked): boolean {
  if (a.name !== b.name) return false;
  const files = describe(triggerRegistry.get(a.name).params).filter((field) => field.isPath);
  return files.every(({ key }) => a[key] === b[key]);
}
