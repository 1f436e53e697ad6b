import type { RunSummary, TriggerWords } from './domain/live.ts';
import type { RunKind } from './domain/run.ts';
import { inSentence } from './format.ts';

export const kindWords: Record<RunKind, string> = {
  classifier: 'Classifier',
  detector: 'Detector',
  evaluation: 'Evaluation',
};

/** Returns the title of a definition by kind and id; the id if there is none. */
export type TitleOf = (kind: string, id: string) => string;

/** A run as far as its title depends on it. */
type TitledRun = Pick<
  RunSummary,
  'kind' | 'fault' | 'title' | 'id' | 'name' | 'task' | 'subject' | 'dataset' | 'ownDataset' | 'detector' | 'detectorDetail' | 'model'
>; // prettier-ignore

/** Shortens a title by what its context says already: "Backdoor detection", "Glyphs (built in)". */
export const shortTitle = (title: string) => title.replace(/ \(.*\)$| detection$/, '');

interface TaskWords {
  /** "Backdoor, corner pixel" */
  main: string;
  /** "MNIST"; what the user calls their own. */
  dataset: string;
}

/** What a run is about. One whose spec does not say so has its title. */
export function taskWordsBy(run: TitledRun, titleOf: TitleOf): TaskWords {
  if (run.fault !== null && run.dataset === '') return { main: run.title === '' ? run.id : run.title, dataset: '' };
  const { change, words } = run.subject;
  const main = [
    run.task === '' ? trainingWords(run) : shortTitle(titleOf('task', run.task)),
    ...triggerParts(run, titleOf),
    change === '' ? '' : `against ${triggerTitle({ id: change, detail: '' }, titleOf)}`,
    words,
  ];
  return {
    main: main.filter((part) => part !== '').join(', '),
    dataset: run.ownDataset || shortTitle(titleOf('dataset', run.dataset)),
  };
}

/** Shown instead of a task for a run that has none. */
function trainingWords({ kind, subject: { training } }: TitledRun): string {
  if (kind !== 'classifier') return 'Task unknown';
  return training === 'unknown' ? 'Training unknown' : 'Clean training';
}

/** Returns the trigger of the training, and that of the test if it is another one. */
function triggerParts({ kind, subject: { training, trained, tested } }: TitledRun, titleOf: TitleOf): string[] {
  if (kind === 'classifier') return trained ? [triggerTitle(trained, titleOf)] : [];
  if (!tested) return [];
  const test = triggerTitle(tested, titleOf);
  const inTraining = trained ? triggerTitle(trained, titleOf) : training === 'clean' ? 'trained without a trigger' : '';
  return inTraining === test ? [test] : [inTraining, `tested with ${test}`];
}

function triggerTitle({ id, detail }: TriggerWords, titleOf: TitleOf): string {
  const title = inSentence(shortTitle(titleOf('trigger', id)));
  return detail === '' ? title : `${title} of ${detail}`;
}

/** Returns a run's title for a single line: its detector or model, then its task and its data. */
export function runWordsBy(run: TitledRun, titleOf: TitleOf): string {
  const { main, dataset } = taskWordsBy(run, titleOf);
  const what = run.kind === 'classifier' ? classifierWords(run) : `${run.detector} ${run.detectorDetail}`.trim();
  // "Toy features" is the name of a task and of its data.
  const about = dataset === '' || main.startsWith(dataset) ? main : `${main}, ${dataset}`;
  return what === '' ? about : `${what}: ${about}`;
}

const classifierWords = ({ name, model }: TitledRun) => [name || 'Classifier', model].filter(Boolean).join(' ');
