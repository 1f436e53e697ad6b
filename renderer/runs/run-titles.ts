import type { RunSummary } from '../../shared/domain/live.ts';
import type { RunKind } from '../../shared/domain/run.ts';
import { detailWords } from './detail-words.ts';

export const kindWords: Record<RunKind, string> = {
  classifier: 'Classifier',
  detector: 'Detector',
  evaluation: 'Evaluation',
};

/** The title of a definition of a kind by its id, and the id where there is none. */
export type TitleOf = (kind: string, id: string) => string;

/** A title without what the place where it stands says already: "Backdoor detection", "Glyphs (built in)". */
export const shortTitle = (title: string) => title.replace(/ \(.*\)$| detection$/, '');

/** What a run is about: "Backdoor, corner pixel" and the dataset. One whose spec does not say so has its title. */
export function taskWordsBy(run: RunSummary, titleOf: TitleOf): { main: string; dataset: string } {
  if (run.fault !== null && run.dataset === '') return { main: run.title === '' ? run.id : run.title, dataset: '' };
  const details = run.taskDetail.split(', ').filter((part) => part !== '' && part !== run.dataset);
  const task = run.task === '' ? 'Clean training' : shortTitle(titleOf('task', run.task));
  const triggerTitle = (id: string) => shortTitle(titleOf('trigger', id));
  return {
    main: [task, ...details.map((detail) => detailWords(detail, triggerTitle))].join(', '),
    dataset: shortTitle(titleOf('dataset', run.dataset)),
  };
}

/** What a run is called where there is one line for it. */
export function runWordsBy(run: RunSummary, titleOf: TitleOf): string {
  const { main, dataset } = taskWordsBy(run, titleOf);
  const what =
    run.kind === 'classifier' ? `Classifier ${run.model}`.trim() : `${run.detector} ${run.detectorDetail}`.trim();
  return `${what === '' ? '' : `${what}: `}${main}${dataset === '' ? '' : `, ${dataset}`}`;
}
