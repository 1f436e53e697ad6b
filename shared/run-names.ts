import { inSentence } from './format.ts';
import type { RunDetailWords, RunSummary } from './domain/live.ts';

/**
 * Returns what distinguishes runs with the same words: for each run the details that are not the same in all of them;
 * "" if it has none.
 */
export function tellingDetails(runs: readonly (readonly RunDetailWords[])[]): string[] {
  const values = new Map<string, Map<string, number>>();
  for (const details of runs) {
    for (const { label, value } of details) {
      const counts = values.get(label) ?? new Map<string, number>();
      counts.set(value, (counts.get(value) ?? 0) + 1);
      values.set(label, counts);
    }
  }
  const isShared = ({ label, value }: RunDetailWords) => values.get(label)?.get(value) === runs.length;
  return runs.map((details) =>
    details
      .filter((detail) => !isShared(detail))
      .map(({ label, value }) => `${label} ${value}`.trim())
      .join(', '),
  );
}

/** The details of a run itself, its seed first. */
export const ownDetails = ({ seed, details }: Pick<RunSummary, 'seed' | 'details'>): RunDetailWords[] => [
  { label: 'seed', value: String(seed) },
  ...details.map(({ label, value }) => ({ label: inSentence(label), value })),
];

type Named = Pick<RunSummary, 'id' | 'detector' | 'detectorDetail' | 'taskDetail' | 'seed' | 'details'>;

/**
 * Returns names for compared runs, as short as distinguishes them: the detector alone, with what differs from its
 * defaults, with its task, with the details in which they differ, else with its id.
 */
export function shortRunNames(runs: readonly Named[]): string[] {
  const telling = tellingDetails(runs.map(ownDetails));
  const words = (...parts: string[]) => parts.filter(Boolean).join(', ');
  const named: ((run: Named, place: number) => string)[] = [
    (run) => run.detector,
    (run) => words(run.detector, run.detectorDetail),
    (run) => words(run.detector, run.detectorDetail, run.taskDetail),
    (run, place) => words(run.detector, telling[place]!),
    (run, place) => words(run.detector, run.detectorDetail, run.taskDetail, telling[place]!),
  ];
  const unique = named.map((name) => runs.map(name)).find((names) => new Set(names).size === runs.length);
  return unique ?? runs.map((run) => `${run.detector} ${run.id.slice(-4)}`.trim());
}
