import { csvText } from '../../../shared/csv.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { foreignData, indexOfKey, labelOfKey, type ChosenScores, type LoadedRun } from './loaded-run.ts';

/**
 * Test samples of runs on the same test data that any of these has scored, clean ones first, by index; all arrays are
 * `[n]`.
 */
export interface ComparedSamples {
  /** Places of these runs among those that are compared: two or more. */
  runs: number[];
  sampleIndex: Int32Array;
  /** 1 = anomalous. */
  labels: Uint8Array;
  /** One for each of these runs, NaN if it has not scored the sample. */
  scores: Float32Array[];
}

/** Returns the samples of each set of test data that two or more runs share, that of most runs first. */
export function comparedSamples(loaded: readonly LoadedRun[], chosen: readonly ChosenScores[]): ComparedSamples[] {
  const groups: number[][] = [];
  for (const [place, run] of loaded.entries()) {
    if (!chosen[place]!.scores) continue;
    const group = groups.find(([first]) => foreignData(loaded[first!]!, run) === null);
    if (group) group.push(place);
    else groups.push([place]);
  }
  return groups
    .filter(({ length }) => length > 1)
    .sort((a, b) => b.length - a.length)
    .map((places) => joinSamples(loaded, chosen, places));
}

function joinSamples(compared: readonly LoadedRun[], chosen: readonly ChosenScores[], runs: number[]): ComparedSamples {
  const keys = Float64Array.from(new Set(runs.flatMap((place) => compared[place]!.keys)));
  keys.sort((x, y) => labelOfKey(x) - labelOfKey(y) || x - y);
  return {
    runs,
    sampleIndex: Int32Array.from(keys, indexOfKey),
    labels: Uint8Array.from(keys, labelOfKey),
    scores: runs.map((run) => {
      const { places } = compared[run]!;
      const scores = chosen[run]!.scores!;
      return Float32Array.from(keys, (key) => {
        const place = places.get(key);
        return place === undefined ? NaN : scores[place]!;
      });
    }),
  };
}

/** Names of the samples that two runs have scored, and their labels, in the order of the first. */
export function sharedSamples(first: LoadedRun, second: LoadedRun): { keys: readonly number[]; labels: Uint8Array } {
  if (isInOrder(second, first.keys)) return { keys: first.keys, labels: first.labels };
  const keys = first.keys.filter((key) => second.places.has(key));
  return { keys, labels: Uint8Array.from(keys, (key) => first.labels[first.places.get(key)!]!) };
}

/** Whether these samples are all of a run's, in its order. */
export function isInOrder(run: LoadedRun, keys: readonly number[]): boolean {
  return keys === run.keys || (keys.length === run.keys.length && keys.every((key, i) => key === run.keys[i]));
}

/** Scores `[n]` of a run for the samples of these names, in their order. */
export function scoresFor(run: LoadedRun, scores: Float32Array, keys: readonly number[]): Float32Array {
  return isInOrder(run, keys) ? scores : Float32Array.from(keys, (key) => scores[run.places.get(key)!]!);
}

/** What a table of samples is made from. */
interface SampleColumns {
  runs: readonly { id: string; detector: string }[];
  samples: readonly ComparedSamples[];
}

/**
 * Returns CSV with a row a sample, a column a run: `sample_index,anomalous,<detector> <id>,...`, empty if a run has not
 * scored a sample. @throws CupbearerError `usage` if the runs do not share their test data.
 */
export function comparedSamplesCsv({ runs, samples }: SampleColumns): string {
  const [shared] = samples;
  if (shared?.runs.length !== runs.length)
    throw new CupbearerError(
      'usage',
      'The runs are not on the same test samples, so their scores cannot be put side by side.',
    );
  const header = ['sample_index', 'anomalous', ...runs.map(({ detector, id }) => `${detector} ${id}`)];
  const { sampleIndex, labels, scores } = shared;
  const rows = Array.from(sampleIndex, (index, i) => [index, labels[i]!, ...scores.map((own) => cell(own[i]!))]);
  return csvText([header, ...rows]);
}

function cell(score: number): number | null {
  return Number.isNaN(score) ? null : score;
}
