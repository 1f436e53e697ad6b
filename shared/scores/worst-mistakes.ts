import { checkScores, type Scores } from './ranked-scores.ts';

/** Places in the scores. */
export interface WorstMistakes {
  /** The most suspicious clean samples, highest score first. */
  clean: number[];
  /** The least suspicious anomalous samples, lowest score first. */
  anomalous: number[];
}

/** The samples that a detector gets most wrong, at most `count` of each class; equal scores in their given order. @throws as `checkScores`. */
export function worstMistakes(scores: Scores, labels: Uint8Array, count: number): WorstMistakes {
  checkScores(scores, labels);
  const ordered = (label: number, sign: number) =>
    [...scores.keys()]
      .filter((i) => labels[i] === label)
      .sort((a, b) => sign * (scores[a]! - scores[b]!) || a - b)
      .slice(0, count);
  return { clean: ordered(0, -1), anomalous: ordered(1, 1) };
}

/** Whether a score lies on the wrong side of the threshold: a false alarm (`label` 0) or a miss (`label` 1). */
export function isMistake(score: number, label: number, threshold: number): boolean {
  return score >= threshold !== (label === 1);
}
