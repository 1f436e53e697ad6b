import { z } from 'zod';
import { parseBoundedJson, usualJsonBounds } from '../../../shared/bounded-json.ts';
import { draftSchema, type ExperimentDraft, type Preset } from '../../../shared/domain/draft.ts';
import { pickedSchema } from '../../../shared/domain/form.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';
import { jsonObject } from '../../../shared/schema/outside.ts';
import { partsOfTraining, proposedTask, type PoisonKeys, type TrainingData } from '../../../shared/training-data.ts';
import { pickedOf } from '../../components/form/form-model.ts';
import { namesIn, withValue, type Definitions } from '../../components/form/form-values.ts';

/** Whether two drafts ask for the same, whatever the order in which their values were set. */
export function isSameDraft(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  const [a, b] = [one, other] as Record<string, unknown>[] as [Record<string, unknown>, Record<string, unknown>];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Array.isArray(one) === Array.isArray(other) && [...keys].every((key) => isSameDraft(a[key], b[key]));
}

/**
 * Returns the draft with every picked definition, even a default one, as an object with its name, so that parameters
 * below it can be set.
 */
export function withNames(draft: ExperimentDraft, definitions: Definitions): ExperimentDraft {
  const fieldsOf = (experiment: string) => definitions('experiment').find(({ id }) => id === experiment)?.fields ?? [];
  const detection = fieldsOf('train-detector');
  const named = (key: string, value: { name: string }) =>
    namesIn(
      detection.filter((field) => field.key === key),
      { [key]: value },
      definitions,
    )[key] as { name: string };
  return {
    ...draft,
    classifier:
      draft.classifier.source === 'run'
        ? draft.classifier
        : { ...draft.classifier, params: namesIn(fieldsOf('train-classifier'), draft.classifier.params, definitions) },
    task: detection.length === 0 ? draft.task : named('task', draft.task),
    detectors: detection.length === 0 ? draft.detectors : draft.detectors.map((one) => named('detector', one)),
  };
}

/** What a draft trains its classifier on, before any trigger; undefined if it takes a trained one. */
function dataOf({ classifier }: ExperimentDraft, definitions: Definitions): string | undefined {
  if (classifier.source === 'run') return undefined;
  return trainingData(classifier.params, definitions).original.name;
}

function trainingData(params: Record<string, unknown>, definitions: Definitions): TrainingData {
  const data = pickedOf(params['train_data'], {});
  return partsOfTraining(data, poisonKeys(data, definitions));
}

function poisonKeys({ name }: { name: string }, definitions: Definitions): PoisonKeys | undefined {
  return definitions('dataset').find(({ id }) => id === name)?.poisons;
}

/**
 * Training data with the first trigger that none of the tasks has yet, where they carry one; as they are where they carry none,
 * or all triggers are taken.
 */
export function withOtherTrigger(
  data: unknown,
  triggers: readonly { id: string }[],
  tasks: readonly { data?: unknown }[],
): unknown {
  const triggerOf = (one: unknown) => pickedOf(pickedOf(one, {})['backdoor'], {}).name;
  if (triggerOf(data) === '') return data;
  const taken = tasks.map((task) => triggerOf(task.data));
  const free = triggers.find(({ id }) => !taken.includes(id));
  return free ? withValue(data, ['backdoor'], { name: free.id }) : data;
}

/**
 * A draft on a dataset as a spec picks it: the first preset that is made for it, else the last one, which leaves
 * everything open, with the dataset in the place of its own.
 */
export function draftOnDataset(
  presets: readonly Preset[],
  dataset: { name: string },
  definitions: Definitions,
): ExperimentDraft {
  const isAnyOfItsName = Object.keys(dataset).length === 1;
  const made = presets.find(({ draft }) => isAnyOfItsName && dataOf(draft, definitions) === dataset.name);
  if (made) return made.draft;
  const blank = presets.at(-1)!.draft;
  const data = blank.classifier.source === 'train' ? pickedOf(blank.classifier.params['train_data'], {}) : { name: '' };
  const inside = poisonKeys(data, definitions);
  const path = ['classifier', 'params', 'train_data', ...(inside ? [inside.original] : [])];
  return { ...(withValue(blank, path, dataset) as ExperimentDraft), preset: '' };
}

/**
 * The draft in a file: one that the wizard wrote, or a run's `spec.json`, whose classifier is looked for among the
 * runs. Its values may be wrong: the wizard says which.
 * @throws Error with a sentence if it is neither.
 */
export function draftFromText(text: string, runs: Iterable<RunSummary>, definitions: Definitions): ExperimentDraft {
  const content = jsonIn(text);
  const draft = draftSchema.safeParse(content);
  if (draft.success) return draft.data;
  const common = { preset: '', engine: 'auto', tags: [] };
  const training = classifierFile.safeParse(content);
  if (training.success) {
    const classifier = { source: 'train' as const, params: training.data.spec };
    const { id } = proposedTask(definitions('task'), trainingData(training.data.spec, definitions));
    return { ...common, classifier, task: { name: id }, detectors: [{ name: 'mahalanobis' }], evaluation: {} };
  }
  const fitting = detectorFile.safeParse(content);
  if (!fitting.success) throw new Error('The file is neither a draft nor the spec.json of a classifier or detector.');
  const { detector, task, ...evaluation } = fitting.data.spec;
  const { run_path, ...own } = task;
  const classifier = [...runs].find(({ folder }) => folder === run_path);
  const isRecorded = definitions('task').some(({ id, isRecorded: is }) => id === own.name && is);
  return {
    ...common,
    classifier: isRecorded ? { source: 'train', params: {} } : { source: 'run', run: classifier?.id ?? '' },
    task: own,
    detectors: [detector],
    evaluation,
  };
}

/** Parses JSON. @throws Error with a sentence if a text is not JSON, or longer than the program writes. */
function jsonIn(text: string): unknown {
  try {
    return parseBoundedJson(text, usualJsonBounds, 'The file');
  } catch (error) {
    throw error instanceof Error && error.cause === undefined ? error : new Error('The file is not JSON.');
  }
}

/** Of a run's `spec.json`, what a draft is made of. */
const classifierFile = z.object({ kind: z.literal('classifier'), spec: jsonObject });
const detectorFile = z.object({
  kind: z.literal('detector'),
  spec: z.looseObject({ detector: pickedSchema, task: pickedSchema }),
});
