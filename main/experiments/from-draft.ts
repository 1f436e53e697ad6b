import type { DraftClassifier, ExperimentDraft, TaskPart } from '../../shared/domain/draft.ts';
import {
  experimentSpecSchema,
  mostExperimentNameCharacters,
  type ExperimentSpec,
} from '../../shared/domain/experiment.ts';
import { classifiersOf, sweepsIn, tasksOf, withFirstValues, withoutSweeps } from '../../shared/draft-parts.ts';
import { formatParameter } from '../../shared/format.ts';
import { classifierLabels, detectorLabels, taskLabels } from '../runs/drafts/part-labels.ts';
import { layersOf, withLayers } from '../runs/drafts/plain-draft.ts';
import { watches } from '../runs/drafts/draft-specs.ts';
import { distinct } from '../runs/labels.ts';
import { withValueAt } from './sweep.ts';

type Values = Record<string, unknown>;

/** What a draft does not hold itself. */
interface DraftWords {
  /** Taken where the draft has no name of its own. */
  name: string;
  /** Titles of the runs whose classifiers or fitted detectors are taken, by id. */
  runTitles: Readonly<Record<string, string>>;
  /** The experiment that the draft adds to. */
  base?: ExperimentSpec | undefined;
}

/** The experiment that a draft without faults asks for. */
export function experimentOf(draft: ExperimentDraft, { name, runTitles, base }: DraftWords): ExperimentSpec {
  const tasks = tasksOf(draft);
  const isWatched = tasks.some(({ task }) => watches(task.name));
  const classifiers = isWatched ? classifiersOf(draft) : [];
  const [only] = classifiers;
  const alone = classifiers.length === 1 && only?.source === 'train' ? only.params : undefined;
  const isTrained = classifiers.some(({ source }) => source === 'train');
  const named = taskLabels(tasks);
  const rows = draft.detectors.map((detector) => withLayers(detector, layersOf(draft)));
  const { fitted = [] } = draft;
  const rowLabels = distinct([
    ...detectorLabels(draft.detectors),
    ...fitted.map(({ run, label }) => label ?? (runTitles[run] ?? run).slice(0, mostExperimentNameCharacters - 10)),
  ]);
  const sweep = {
    ...Object.assign(
      {},
      ...tasks.map((part, i) => taskSweeps(part, tasks.length === 1 ? 'task' : `tasks.${named[i]}`)),
    ),
    ...(alone ? sweepBelow('task.classifier', alone) : {}),
    ...Object.assign({}, ...rows.map((detector, i) => sweepBelow(`detectors.${rowLabels[i]}`, detector))),
    ...sweepBelow('evaluation', draft.evaluation),
  } as ExperimentSpec['sweep'];
  return experimentSpecSchema.parse({
    name: draft.name?.trim() || name,
    ...(base ? { question: base.question, notes: base.notes } : {}),
    seeds: draft.seeds ?? 1,
    engine: draft.engine,
    tags: draft.tags,
    ...(alone ? { training: settings(alone) } : {}),
    ...(alone || !isWatched ? {} : { classifiers: classifierAxis(classifiers, runTitles) }),
    tasks: tasks.map(({ task, data, training = {} }, i) => ({
      ...settings(task),
      ...(tasks.length > 1 || task['label'] !== undefined ? { label: named[i] } : {}),
      ...(isTrained && watches(task.name)
        ? { classifier: { ...settings(training), ...(data === undefined ? {} : { train_data: withoutSweeps(data) }) } }
        : {}),
    })),
    detectors: [
      ...rows.map((detector, i) => ({
        ...settings(detector, []),
        ...(rowLabels[i] === detector.name ? {} : { label: rowLabels[i] }),
      })),
      ...fitted.map(({ run }, i) => ({ run, label: rowLabels[rows.length + i]! })),
    ],
    evaluation: settings(draft.evaluation),
    sweep,
  });
}

/** Values without what is swept, and without a seed: the seeds of an experiment are those of all its parts. */
function settings(values: Values, dropped: readonly string[] = ['seed']): Values {
  return Object.fromEntries(Object.entries(withoutSweeps(values)).filter(([key]) => !dropped.includes(key)));
}

function taskSweeps({ task, data, training }: TaskPart, at: string): ExperimentSpec['sweep'] {
  if (!watches(task.name)) return sweepBelow(at, task);
  return {
    ...sweepBelow(at, task),
    ...sweepBelow(`${at}.classifier.train_data`, data),
    ...sweepBelow(`${at}.classifier`, training),
  };
}

function sweepBelow(at: string, values: unknown): ExperimentSpec['sweep'] {
  const found = [...sweepsIn(values)].map(({ path, sweep }) => [[at, ...path].join('.'), sweep.sweep]);
  return Object.fromEntries(found) as ExperimentSpec['sweep'];
}

/** Classifiers as entries of their axis; a sweep is of one of them alone, which a path cannot say, so that it becomes several. */
function classifierAxis(
  classifiers: readonly DraftClassifier[],
  runTitles: Readonly<Record<string, string>>,
): Values[] {
  const labels = classifierLabels(classifiers, runTitles);
  const entries = classifiers.flatMap((classifier, i) =>
    classifier.source === 'run'
      ? [{ label: labels[i]!, values: { run: classifier.run } }]
      : gridOf(classifier.params).map(({ values, words }) => ({
          label: [labels[i], ...words].join(' '),
          values: settings(values),
        })),
  );
  const named = distinct(entries.map(({ label }) => label));
  return entries.map(({ values }, i) => ({ ...values, label: named[i] }));
}

/** The combinations of the swept values in parameters, each with its values in words. */
function gridOf(params: Values): { values: Values; words: string[] }[] {
  const points = [...sweepsIn(params)].reduce(
    (grid, { path, sweep }) =>
      grid.flatMap((point) =>
        sweep.sweep.map((value) => ({
          values: withValueAt(point.values, path, value),
          words: [...point.words, formatParameter(value)],
        })),
      ),
    [{ values: params, words: [] as string[] }],
  );
  return points.map(({ values, words }) => ({ values: withFirstValues(values), words }));
}
