import type { RunSummary } from '../../../shared/domain/live.ts';
import { inSentence } from '../../../shared/format.ts';
import { kindWords } from '../../../shared/run-titles.ts';
import { definitions } from '../../app/definitions.svelte.ts';
import { experiments } from '../../app/experiments.svelte.ts';
import { statusWords } from '../../components/status-words.ts';
import { taskWords } from '../../runs/run-words.ts';
import { columnOf } from './column-of.ts';
import type { Grouping } from './group-tree.ts';

const asIs = (value: string) => value;
const one = (value: string): readonly string[] => (value === '' ? [] : [value]);

/** Words of runs, as long as the titles of definitions are the same. */
let kept = { titles: definitions.registries, words: new WeakMap<RunSummary, ReturnType<typeof taskWords>>() };

function keptTaskWords(run: RunSummary): ReturnType<typeof taskWords> {
  if (kept.titles !== definitions.registries) kept = { titles: definitions.registries, words: new WeakMap() };
  const words = kept.words.get(run) ?? taskWords(run);
  kept.words.set(run, words);
  return words;
}

/** What runs are about, by the fields that groups may be of. */
export const aspectsOf = (run: RunSummary) => {
  const { main, dataset } = keptTaskWords(run);
  const detector = [run.detector, run.detectorDetail].filter(Boolean).join(', ');
  return [
    { field: 'detector', words: run.kind === 'classifier' ? run.name || 'Classifier' : detector },
    { field: 'task', words: main },
    { field: 'dataset', words: dataset },
    { field: 'model', words: run.model },
  ];
};

/** The fields that the menu offers, in its order. */
export const groupings: readonly Grouping[] = [
  {
    id: 'experiment',
    label: 'Experiment',
    plural: 'experiments',
    of: (run) => run.experiments,
    title: (id) => experiments.withId(id)?.name ?? id,
    without: 'Not in an experiment',
  },
  {
    id: 'detector',
    label: 'Detector',
    plural: 'detectors',
    of: (run) => one(run.detector),
    title: asIs,
    without: 'Classifiers',
  },
  {
    id: 'task',
    label: 'Task',
    plural: 'tasks',
    of: (run) => one(keptTaskWords(run).main),
    title: asIs,
    without: 'Task unknown',
  },
  {
    id: 'dataset',
    label: 'Dataset',
    plural: 'datasets',
    of: (run) => one(keptTaskWords(run).dataset),
    title: asIs,
    without: 'Dataset unknown',
  },
  {
    id: 'model',
    label: 'Model',
    plural: 'models',
    of: (run) => one(run.model),
    title: asIs,
    without: 'Model unknown',
  },
  { id: 'tag', label: 'Tag', plural: 'tags', of: (run) => run.tags, title: asIs, without: 'Without a tag' },
  {
    id: 'status',
    label: 'Status',
    plural: 'statuses',
    of: (run) => [statusWords[run.status]],
    title: asIs,
    without: 'Status unknown',
  },
  {
    id: 'kind',
    label: 'Kind',
    plural: 'kinds',
    of: (run) => [kindWords[run.kind]],
    title: asIs,
    without: 'Kind unknown',
  },
  {
    id: 'engine',
    label: 'Engine',
    plural: 'engines',
    of: (run) => run.engines,
    title: asIs,
    without: 'Not started',
  },
];

/** Returns how runs are grouped by a field: one that the menu offers, or any column; undefined for another word. */
export function groupingOf(id: string): Grouping | undefined {
  const known = groupings.find((grouping) => grouping.id === id);
  if (known) return known;
  const column = columnOf(id);
  if (!column || typeof column.cell === 'string') return undefined;
  const { cell, label, plural } = column;
  return {
    id,
    label,
    plural: plural ?? `${inSentence(label)}s`,
    of: (run) => one(cell(run)),
    title: (value) => `${inSentence(label)} ${value}`,
    without: `Without ${inSentence(label)}`,
  };
}
