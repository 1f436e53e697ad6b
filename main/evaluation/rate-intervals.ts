import type { RankedScores } from '../../shared/scores/ranked-scores.ts';
import { crossing, incompleteBeta } from './beta.ts';
import { fprAtTprOf, rateAtFprOf } from './figures-of-merit.ts';
import type { Interval } from './interval.ts';

/** What is less likely than this is left out. */
const negligible = 1e-7;
/** More counts than this between two thresholds are stood for by so many, evenly spread. */
const mostCounts = 64;
/** How many independent samples those of either class are worth, whole numbers from 1 to as many as there are. */
export interface Worth {
  anomalous: number;
  clean: number;
}

const single = ({ nAnomalous, nClean }: RankedScores): Worth => ({ anomalous: nAnomalous, clean: nClean });

/** Of a bound. */
const precision = 1e-9;

/** How likely 0 to n of n samples are beyond a threshold that each passes with probability `share`: [first, probabilities]. */
function binomial(n: number, share: number): { first: number; probabilities: number[] } {
  // From the most likely count outwards: (1 - share)^n underflows for large n.
  const mode = Math.min(n, Math.floor((n + 1) * share));
  const up: number[] = [1];
  for (let k = mode; k < n; k++) {
    const next = (up.at(-1) * (n - k) * share) / ((k + 1) * (1 - share));
    if (next < negligible) break;
    up.push(next);
  }
  const down: number[] = [];
  for (let k = mode, p = 1; k > 0; k--) {
    p *= (k * (1 - share)) / ((n - k + 1) * share);
    if (p < negligible) break;
    down.push(p);
  }
  const all = [...down.reverse(), ...up];
  const total = all.reduce((sum, p) => sum + p, 0);
  return { first: mode - down.length, probabilities: all.map((p) => p / total) };
}

/** The fewest and the most anomalous samples above a threshold with `k` clean ones above it. */
function caughtBetween({ anomalous, clean, nClean, nAnomalous }: RankedScores): (k: number) => [number, number] {
  // Per count of clean samples flagged, in order: those caught at the first and the last threshold with that count.
  const counts = [0];
  const least = [0];
  const most = [0];
  let tp = 0;
  let fp = 0;
  for (let g = 0; g < clean.length; g++) {
    tp += anomalous[g]!;
    fp += clean[g]!;
    if (fp > counts.at(-1)) {
      counts.push(fp);
      least.push(tp);
      most.push(tp);
    } else most[most.length - 1] = tp;
  }
  return (k) => {
    if (k >= nClean) return [least.at(-1), nAnomalous];
    let low = 0;
    let high = counts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (counts[middle]! <= k) low = middle;
      else high = middle - 1;
    }
    // Among equal scores there is no threshold: the last one above them is what can be chosen.
    return counts[low] === k ? [least[low]!, most[low]!] : [most[low]!, most[low]!];
  };
}

/**
 * 95 % bounds of the share of anomalous samples caught at the threshold that a share `fpr` of all clean ones exceeds. How many
 * of the n clean samples at hand exceed it is binomial, whatever the distribution; that count says between which of them it
 * lies, and so how many of the m anomalous ones at hand are caught, all such counts being as likely; and Jeffreys' beta distribution
 * says what share of all anomalous samples such a count may stand for (Brown, Cai & DasGupta 2001). The bounds are the
 * quantiles of the mixture. Below some 300 clean samples at 1 % it may lie above all of them, and the lower bound says so.
 */
function boundsAtFpr(ranked: RankedScores, fpr: number, worth: Worth): { lower: number; upper: number } {
  const { nAnomalous, nClean } = ranked;
  const m = worth.anomalous;
  const { first, probabilities } = binomial(worth.clean, fpr);
  const caught = caughtBetween(ranked);
  const weights = new Map<number, number>();
  probabilities.forEach((probability, i) => {
    // Each of the independent samples stands for as many of those at hand; one for one where those are independent.
    const [least] = caught(Math.floor(((first + i) * nClean) / worth.clean));
    const most = caught(Math.ceil(((first + i + 1) * nClean) / worth.clean) - 1)[1];
    const steps = Math.min(most - least, mostCounts - 1);
    for (let s = 0; s <= steps; s++) {
      const count = steps === 0 ? least : least + Math.round(((most - least) * s) / steps);
      weights.set(count, (weights.get(count) ?? 0) + probability / (steps + 1));
    }
  });
  const parts = [...weights];
  const below = (x: number) =>
    parts.reduce((sum, [found, weight]) => {
      const count = (found * m) / nAnomalous;
      return sum + weight * incompleteBeta(x, count + 0.5, m - count + 0.5);
    }, 0);
  return { lower: crossing(below, 0.025, [0, 1], precision), upper: crossing(below, 0.975, [0, 1], precision) };
}

function interval(value: number, bounds: { lower: number; upper: number }, worth: Worth | undefined): Interval {
  return {
    value,
    lower: value === 0 ? 0 : Math.min(value, bounds.lower),
    upper: value === 1 ? 1 : Math.max(value, bounds.upper),
    method: worth ? 'threshold-mixture-clustered' : 'threshold-mixture',
    oneSided: value === 0 || value === 1,
  };
}

/** {@link rateAtFprOf} with its 95 % interval. */
export function rateAtFprInterval(ranked: RankedScores, maxFpr: number, worth?: Worth): Interval {
  return interval(rateAtFprOf(ranked, maxFpr), boundsAtFpr(ranked, maxFpr, worth ?? single(ranked)), worth);
}

/** {@link fprAtTprOf} with its 95 % interval: what is caught from the other end, anomalous and clean in each other's place. */
export function fprAtTprInterval(ranked: RankedScores, minTpr: number, worth?: Worth): Interval {
  const mirrored: RankedScores = {
    thresholds: ranked.thresholds.slice().reverse(),
    anomalous: ranked.clean.slice().reverse(),
    clean: ranked.anomalous.slice().reverse(),
    nAnomalous: ranked.nClean,
    nClean: ranked.nAnomalous,
  };
  const { anomalous, clean } = worth ?? single(ranked);
  const { lower, upper } = boundsAtFpr(mirrored, 1 - minTpr, { anomalous: clean, clean: anomalous });
  return interval(fprAtTprOf(ranked, minTpr), { lower: 1 - upper, upper: 1 - lower }, worth);
}
