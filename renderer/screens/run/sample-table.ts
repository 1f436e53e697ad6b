import { isMistake } from '../../../shared/scores/worst-mistakes.ts';
import type { RunScores } from '../../runs/run-scores.ts';

/** Which samples the table shows. */
export type SampleKind = 'all' | 'clean' | 'anomalous' | 'mistakes';

interface SampleFilter {
  kind: SampleKind;
  /**
   * Words that all must be found, a sample's number, a class or a kind each, unless its text contains them as typed.
   */
  text: string;
}

interface Context {
  scores: RunScores;
  /** Of the layer that is looked at, `[n]`. */
  layerScores: Float32Array;
  threshold: number;
  /** "Triggered". */
  anomalousWord: string;
  /** Places of the samples whose own text was found to have the words in it. */
  inText?: ReadonlySet<number> | undefined;
}

/** The places of the samples that a filter leaves, in their own order. */
export function filterSamples({ kind, text }: SampleFilter, context: Context): Int32Array {
  const { scores, layerScores, threshold, anomalousWord, inText } = context;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const kindWords = ['clean', anomalousWord.toLowerCase()] as const;
  const isWanted = (i: number) => {
    const label = scores.labels[i] === 1 ? 1 : 0;
    if (kind === 'clean' && label === 1) return false;
    if (kind === 'anomalous' && label === 0) return false;
    if (kind === 'mistakes' && !isMistake(layerScores[i]!, label, threshold)) return false;
    if (words.length === 0 || inText?.has(i)) return true;
    const classes = [scores.className('trueClass', i), scores.className('predictedClass', i)].map((name) =>
      name?.toLowerCase(),
    );
    const index = String(scores.sampleIndex[i]);
    return words.every(
      (word) => index === word || kindWords[label].startsWith(word) || classes.some((name) => name?.startsWith(word)),
    );
  };
  const kept = new Int32Array(scores.length);
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (isWanted(i)) kept[count++] = i;
  return kept.subarray(0, count);
}

/** Places in order of a value, equal ones in their own order; samples without one (NaN) last either way. */
export function sortSamples(
  positions: Int32Array,
  valueOf: (position: number) => number,
  direction: 'ascending' | 'descending',
): Int32Array {
  const sign = direction === 'ascending' ? 1 : -1;
  return positions.slice().sort((a, b) => {
    const [x, y] = [valueOf(a), valueOf(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return sign * (x - y) || a - b;
  });
}
