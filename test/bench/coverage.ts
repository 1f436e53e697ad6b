import { aurocInterval } from '../../main/evaluation/delong.ts';
import { averagePrecisionInterval } from '../../main/evaluation/precision-interval.ts';
import { fprAtTprInterval, rateAtFprInterval } from '../../main/evaluation/rate-intervals.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { rankScores } from '../../shared/scores/ranked-scores.ts';
import { shiftOf, trueFigures } from '../evaluation/binormal.ts';

/** How often, of `rounds` simulations, each interval holds the true figure. */
interface Coverage {
  anomalous: number;
  clean: number;
  auroc: number;
  held: Record<string, number>;
}

/** Settings of the table: samples in all, the share of anomalous ones, AUROC. */
const totals = [50, 100, 200, 500, 2000];
const shares = [0.5, 0.1];
const aurocs = [0.6, 0.75, 0.9, 0.97, 0.99, 0.999, 0.9999];

/** Coverage of the 95 % intervals for unit normals as far apart as an AUROC asks for. */
export function* coverages(rounds: number): Generator<Coverage> {
  for (const share of shares)
    for (const total of totals)
      for (const auroc of aurocs) {
        const [anomalous, clean] = [Math.round(total * share), Math.round(total * (1 - share))];
        const shift = shiftOf(auroc);
        const truth = trueFigures(shift, share);
        const stream = RandomStream.from(1, 'coverage', total, share, auroc);
        const held: Record<string, number> = {};
        const labels = Uint8Array.from({ length: total }, (_, i) => (i < anomalous ? 1 : 0));
        for (let round = 0; round < rounds; round++) {
          const scores = Float64Array.from(labels, (label) => label * shift + stream.normal());
          const ranked = rankScores(scores, labels);
          const intervals = {
            AUROC: [aurocInterval(scores, labels), truth.auroc],
            AP: [averagePrecisionInterval(ranked), truth.ap],
            'TPR at 1 % FPR': [rateAtFprInterval(ranked, 0.01), truth.tpr1],
            'TPR at 5 % FPR': [rateAtFprInterval(ranked, 0.05), truth.tpr],
            'FPR at 95 % TPR': [fprAtTprInterval(ranked, 0.95), truth.fpr],
          } as const;
          for (const [name, [{ lower, upper }, value]] of Object.entries(intervals))
            held[name] = (held[name] ?? 0) + (lower <= value && value <= upper ? 1 / rounds : 0);
        }
        yield { anomalous, clean, auroc, held };
      }
}
