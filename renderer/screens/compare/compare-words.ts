import type { ComparedFigures } from '../../../shared/domain/comparison.ts';
import { formatCount, formatMetric } from '../../../shared/format.ts';

/** DeLong's test of two runs as it comes. */
type PairTest = NonNullable<ComparedFigures['pairs'][number]['test']>;

interface Named {
  name: string;
  metrics: { AUC_ROC: number };
}

/** Small differences get one more digit, so that an interval's end does not read as zero. */
const digitsOf = (difference: number) => (Math.abs(difference) < 0.01 ? 4 : 3);

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
}

/** "+0.025" */
export const differenceWords = ({ difference }: PairTest) => signed(difference, digitsOf(difference));

/** "+0.019 to +0.031" */
export const boundsWords = ({ difference, lower, upper }: PairTest) =>
  `${signed(lower, digitsOf(difference))} to ${signed(upper, digitsOf(difference))}`;

/** "< 0.001", "0.045" */
export const pWords = (p: number | null) => (p === null ? 'not known' : p < 0.001 ? '< 0.001' : p.toFixed(3));

/** Whether two AUROCs differ by more than chance would have it. */
export const isBeyondChance = ({ p }: PairTest) => p !== null && p < 0.05;

/**
 * Which of two or more runs is better, by how much and how surely, in one or two sentences; `**` marks what the eye
 * should land on. Of more than two, the best by AUROC and the next one. `anomalousWord` is what the task calls
 * anomalous samples.
 */
export function verdictSentence(
  runs: readonly Named[],
  pairs: ComparedFigures['pairs'],
  anomalousWord: string,
): string {
  const order = runs.map((_, i) => i).sort((i, j) => runs[j]!.metrics.AUC_ROC - runs[i]!.metrics.AUC_ROC);
  const [best, next] = order as [number, number];
  const [winner, other] = [runs[best]!, runs[next]!];
  const figures = `AUROC ${formatMetric(winner.metrics.AUC_ROC)} against ${formatMetric(other.metrics.AUC_ROC)}`;
  const pair = pairs.find(({ a, b }) => (a === best && b === next) || (a === next && b === best));
  const among = runs.length > 2 ? ` of ${runs.length}` : '';
  const rival = runs.length > 2 ? `the next, ${other.name}` : other.name;
  if (!pair?.test) {
    const reason = pair?.reason ? ` ${pair.reason.replace(/\.?$/, '.')}` : '';
    return `**${winner.name}** has the higher AUROC${among}, but whether that is chance is not tested: ${figures}.${reason}`;
  }
  // From the better run's side, whichever way the pair was tested.
  const test =
    pair.a === best
      ? pair.test
      : { ...pair.test, difference: -pair.test.difference, lower: -pair.test.upper, upper: -pair.test.lower };
  const sureness = `a difference of ${differenceWords(test)} (95\u00a0% interval ${boundsWords(test)}; p ${test.p !== null && test.p < 0.001 ? '' : '= '}${pWords(test.p)}) on the same ${formatCount(pair.shared)} test samples`;
  return isBeyondChance(test)
    ? `**${winner.name}** tells ${anomalousWord.toLowerCase()} samples from clean ones better than ${rival}: ${figures}, ${sureness}.`
    : `**No difference beyond chance** between ${winner.name} and ${rival}: ${figures}, ${sureness}.`;
}
