import type { DraftClassifier, ExperimentDraft, TaskPart } from './domain/draft.ts';
import { asSweep, type Sweep } from './sweep.ts';

/** The swept parameters among values, with their paths. */
export function* sweepsIn(values: unknown, path: readonly string[] = []): Generator<{ path: string[]; sweep: Sweep }> {
  const sweep = asSweep(values);
  if (sweep) yield { path: [...path], sweep };
  else if (typeof values === 'object' && values !== null)
    for (const [key, value] of Object.entries(values)) yield* sweepsIn(value, [...path, key]);
}

/** A copy in which each swept parameter has its first value, or none where it has none. */
export function withFirstValues<T>(values: T): T {
  // A part keeps its kind: only values of single parameters are replaced.
  return replaced(values, ({ sweep }) => sweep[0]) as T;
}

/** A copy without the swept parameters. */
export function withoutSweeps<T>(values: T): T {
  return replaced(values, () => undefined) as T;
}

function replaced(value: unknown, by: (sweep: Sweep) => unknown): unknown {
  const sweep = asSweep(value);
  if (sweep) return by(sweep);
  if (Array.isArray(value)) return value.map((part: unknown) => replaced(part, by));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, part]): [string, unknown] => [key, replaced(part, by)]);
  return Object.fromEntries(entries.filter(([, part]) => part !== undefined));
}

/** How many combinations the sweeps in a part make. */
export function pointsIn(values: unknown): number {
  return [...sweepsIn(values)].reduce((product, { sweep }) => product * Math.max(1, sweep.sweep.length), 1);
}

/** The place of the open task among all. */
export function openTaskOf({ otherTasks = [], taskPlace = 0 }: ExperimentDraft): number {
  return Math.min(taskPlace, otherTasks.length);
}

/** The place of the open classifier among all. */
export function openClassifierOf({ otherClassifiers = [], classifierPlace = 0 }: ExperimentDraft): number {
  return Math.min(classifierPlace, otherClassifiers.length);
}

/** All tasks of a draft, in order. */
export function tasksOf(draft: ExperimentDraft): TaskPart[] {
  const { classifier, task, data, taskTraining, otherTasks = [] } = draft;
  const own = classifier.source === 'train' ? classifier.params['train_data'] : data;
  const open: TaskPart = {
    ...(own === undefined ? {} : { data: own }),
    ...(taskTraining === undefined ? {} : { training: taskTraining }),
    task,
  };
  return otherTasks.toSpliced(openTaskOf(draft), 0, open);
}

/** The draft with these tasks, of which the one at `open` is open. */
export function withTasks(draft: ExperimentDraft, tasks: readonly TaskPart[], open: number): ExperimentDraft {
  const part = tasks[open];
  if (!part) return draft;
  const { otherTasks: _, taskPlace: __, data: ___, taskTraining: ____, classifier, ...rest } = draft;
  const others = tasks.toSpliced(open, 1);
  return {
    ...rest,
    classifier: withData(classifier, part.data),
    ...(classifier.source === 'train' || part.data === undefined ? {} : { data: part.data }),
    ...(part.training === undefined ? {} : { taskTraining: part.training }),
    task: part.task,
    ...(others.length === 0 ? {} : { otherTasks: others, taskPlace: open }),
  };
}

/** All classifiers of a draft, in order, without what they are trained on, which belongs to the tasks. */
export function classifiersOf(draft: ExperimentDraft): DraftClassifier[] {
  const { classifier, otherClassifiers = [] } = draft;
  return otherClassifiers.toSpliced(openClassifierOf(draft), 0, withData(classifier, undefined));
}

/** The draft with these classifiers, of which the one at `open` is open. */
export function withClassifiers(
  draft: ExperimentDraft,
  classifiers: readonly DraftClassifier[],
  open: number,
): ExperimentDraft {
  const classifier = classifiers[open];
  if (!classifier) return draft;
  const tasks = tasksOf(draft);
  const { otherClassifiers: _, classifierPlace: __, ...rest } = draft;
  const others = classifiers.toSpliced(open, 1);
  const changed = {
    ...rest,
    classifier,
    ...(others.length === 0 ? {} : { otherClassifiers: others, classifierPlace: open }),
  };
  return withTasks(changed, tasks, openTaskOf(draft));
}

function withData(classifier: DraftClassifier, data: unknown): DraftClassifier {
  if (classifier.source === 'run') return classifier;
  const { train_data: _, ...params } = classifier.params;
  return { source: 'train', params: data === undefined ? params : { train_data: data, ...params } };
}

/** How many detectors with their own values a draft has: those that a sweep makes of one count each. */
export function variantsOf({ detectors, fitted = [] }: ExperimentDraft): number {
  return detectors.reduce((sum, detector) => sum + pointsIn(detector), fitted.length);
}

/** Whether the task of this name watches a classifier; others bring along what was recorded of a model. */
type Watches = (task: string) => boolean;

/**
 * How many columns of the matrix a draft has: every task on every classifier, with each swept value; tasks that watch none have one
 * each.
 */
export function columnsOf(draft: ExperimentDraft, watches: Watches): number {
  const of = (parts: readonly unknown[]) => parts.reduce((sum: number, part) => sum + pointsIn(part), 0);
  const [watching, others] = [true, false].map((does) =>
    tasksOf(draft).filter(({ task }) => watches(task.name) === does),
  );
  const alone = others!.map(({ task }) => task);
  return (of(watching!) * of(classifiersOf(draft)) + of(alone)) * pointsIn(draft.evaluation);
}

/** How many cells a draft has, seeds counted. */
export function cellsOf(draft: ExperimentDraft, watches: Watches): number {
  return variantsOf(draft) * columnsOf(draft, watches) * (draft.seeds ?? 1);
}

/** Whether a draft becomes an experiment, rather than runs of its own. */
export function isExperiment(draft: ExperimentDraft, watches: Watches): boolean {
  return draft.extends !== undefined || (draft.fitted ?? []).length > 0 || cellsOf(draft, watches) > 1;
}
