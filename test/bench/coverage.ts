import { figureOverSeeds } from '../../main/evaluation/across/across-seeds.ts';
import { aurocInterval } from '../../main/evaluation/delong.ts';
import { clusteredAurocInterval, groupsByClass } from '../../main/evaluation/clustered-auroc.ts';
import { clusteredPrecisionInterval } from '../../main/evaluation/clustered-precision.ts';
import { clusteredRates } from '../../main/evaluation/clustered-rates.ts';
import { averagePrecisionInterval } from '../../main/evaluation/precision-interval.ts';
import { fprAtTprInterval, rateAtFprInterval } from '../../main/evaluation/rate-intervals.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { rankScores } from '../../shared/scores/ranked-scores.ts';
import { aboveNormal, shiftOf, trueFigures } from '../evaluation/binormal.ts';

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

/** How often the interval of the mean AUROC over seeds holds that over all seeds there might be. */
interface SeedCoverage {
  seeds: number;
  /** Standard deviation of the shift between the classes, over seeds. */
  spread: number;
  /** Whether all seeds have the same samples, which are as different among themselves as each is from seed to seed. */
  shared: boolean;
  auroc: number;
  held: number;
}

/** Samples of either class. */
const ofEither = 250;

/** Coverage of the 95 % interval over seeds, for unit normals whose distance differs from seed to seed. */
export function* seedCoverages(rounds: number): Generator<SeedCoverage> {
  for (const seeds of [3, 5, 10])
    for (const spread of [0, 0.1, 0.3])
      for (const shared of [false, true])
        for (const auroc of [0.76, 0.94]) {
          const shift = shiftOf(auroc);
          // The mean over seeds of an AUROC of Phi(shift / sqrt 2).
          const truth = 1 - aboveNormal(shift / Math.sqrt(2 + spread ** 2));
          const stream = RandomStream.from(1, 'coverage over seeds', seeds, spread, String(shared), auroc);
          let held = 0;
          for (let round = 0; round < rounds; round++) {
            const { lower, upper } = figureOverSeeds('auroc', simulatedSeeds(stream, seeds, shift, spread, shared));
            if (lower <= truth && truth <= upper) held += 1 / rounds;
          }
          yield { seeds, spread, shared, auroc, held };
        }
}

function simulatedSeeds(stream: RandomStream, seeds: number, shift: number, spread: number, shared: boolean) {
  const labels = Uint8Array.from({ length: 2 * ofEither }, (_, i) => i % 2);
  const ofSamples = Float64Array.from(labels, () => (shared ? Math.SQRT1_2 * stream.normal() : 0));
  return Array.from({ length: seeds }, () => {
    const distance = shift + spread * stream.normal();
    const own = shared ? Math.SQRT1_2 : 1;
    const scores = Float64Array.from(labels, (label, i) => ofSamples[i]! + own * stream.normal() + distance * label);
    return { scores, labels, groups: shared ? Int32Array.from(labels.keys()) : undefined };
  });
}

/** How often the interval of each figure holds the truth where samples come in groups. */
interface GroupCoverage {
  /** Groups a class, of `size` samples each where they are of one class. */
  groups: number;
  size: number;
  /** Correlation of scores in a group. */
  correlation: number;
  /** Whether a group has samples of both classes, half of them each. */
  mixed: boolean;
  auroc: number;
  held: Record<string, number>;
}

/** Coverage of the 95 % intervals for unit normals that samples of a group have in part in common. */
export function* groupCoverages(rounds: number): Generator<GroupCoverage> {
  for (const groups of [10, 30, 100])
    for (const size of [4, 10])
      for (const correlation of [0.2, 0.6])
        for (const mixed of [false, true])
          for (const auroc of [0.7, 0.95]) {
            const shift = shiftOf(auroc);
            const truth = trueFigures(shift, 0.5);
            const stream = RandomStream.from(1, 'coverage of groups', groups, size, correlation, String(mixed), auroc);
            const held: Record<string, number> = {};
            const total = 2 * groups * size;
            const groupOf = Int32Array.from({ length: total }, (_, i) => Math.floor(i / size));
            const labels = Uint8Array.from(groupOf, (group, i) => (mixed ? i : group) % 2);
            for (let round = 0; round < rounds; round++) {
              const shares = Float64Array.from({ length: 2 * groups }, () => stream.normal());
              const scores = Float64Array.from(
                labels,
                (label, i) =>
                  label * shift +
                  Math.sqrt(correlation) * shares[groupOf[i]!]! +
                  Math.sqrt(1 - correlation) * stream.normal(),
              );
              const [ranked, byClass] = [rankScores(scores, labels), groupsByClass(groupOf, labels)];
              const rates = clusteredRates(ranked, scores, labels, byClass);
              const intervals = {
                AUROC: [clusteredAurocInterval(scores, labels, groupOf), truth.auroc],
                AP: [clusteredPrecisionInterval(ranked, scores, labels, byClass), truth.ap],
                'TPR at 1 % FPR': [rates.TPR_at_FPR_1, truth.tpr1],
                'TPR at 5 % FPR': [rates.TPR_at_FPR_5, truth.tpr],
                'FPR at 95 % TPR': [rates.FPR_at_TPR_95, truth.fpr],
              } as const;
              for (const [name, [{ lower, upper }, value]] of Object.entries(intervals))
                held[name] = (held[name] ?? 0) + (lower <= value && value <= upper ? 1 / rounds : 0);
            }
            yield { groups: mixed ? 2 * groups : groups, size, correlation, mixed, auroc, held };
          }
}
