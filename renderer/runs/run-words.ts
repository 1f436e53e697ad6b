import type { LiveState, RunSummary } from '../../shared/domain/live.ts';
import { formatDuration } from '../../shared/format.ts';
import { definitions } from '../app/definitions.svelte.ts';
import { siblings } from './siblings.svelte.ts';
import { runWordsBy, taskWordsBy, type TitleOf } from '../../shared/run-titles.ts';

const titleOf: TitleOf = (kind, id) => definitions.titleOf(kind, id);

/** What a run is about: "Backdoor, corner pixel" and the dataset. */
export const taskWords = (run: RunSummary) => taskWordsBy(run, titleOf);

/** Returns a run's title for a single line. */
export const runWords = (run: RunSummary) => runWordsBy(run, titleOf);

/** Like {@link runWords}, with what distinguishes the run from others with that title. */
export const distinctWords = (run: RunSummary) => [runWords(run), siblings.wordsFor(run)].filter(Boolean).join(', ');

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** What a running run does, in a few words: "Epoch 7/20", "Scoring". */
export function phaseWords(live: LiveState | undefined): string {
  // The host knows the progress of its own runs only, not of those started by a terminal or a second program.
  if (!live) return 'Runs outside of this program';
  if (live.phase === '') return 'Starting';
  const [first = ''] = live.note?.split(', ') ?? [];
  return capital(first === '' ? live.phase : first);
}

/** How much of its phase a running run has done, 0 to 1; null if that is not known. */
export function shareOf(live: LiveState | undefined): number | null {
  return live && live.total > 0 ? Math.min(1, live.done / live.total) : null;
}

export function remainingWords(live: LiveState | undefined): string {
  return typeof live?.remainingMs === 'number' ? `${formatDuration(live.remainingMs)} left` : '';
}

/** Place in line: "Next in line", "3rd in line". */
export function queueWords(live: LiveState | undefined): string {
  const place = live?.queuePosition;
  if (typeof place !== 'number') return '';
  if (place === 1) return 'Next in line';
  const ending = place % 100 > 10 && place % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place}${ending} in line`;
}

/** What a waiting run waits for. */
export function waitWords(live: LiveState | undefined, runs: ReadonlyMap<string, RunSummary>): string {
  if (!live || live.waitsFor === null) return 'Waits for its turn';
  const needed = runs.get(live.waitsFor);
  return needed ? `Waits for the ${needed.kind}` : 'Waits for another run';
}
