import type { FigureInterval } from '../../shared/domain/evaluation.ts';

/** A figure with its 95 % interval. */
export interface Interval {
  value: number;
  lower: number;
  upper: number;
  method:
    | 'delong-logit'
    | 'delong-clustered'
    | 'influence-logit'
    | 'influence-clustered'
    | 'threshold-mixture'
    | 'threshold-mixture-clustered'
    | 'rule-of-three';
  /** The value stands at the end of its range, and the interval bounds it from the other side only. */
  oneSided: boolean;
}

/** The interval as eval.json keeps it. */
export function intervalToFile({ lower, upper, method, oneSided }: Interval): FigureInterval {
  return { lower, upper, method, one_sided: oneSided, level: 0.95 };
}

/** Half-width of a two-sided 95 % interval in standard deviations. */
export const z95 = 1.959963984540054;

/**
 * Bounds of a share within 0 and 1 from its standard error, symmetrical on the logit scale (delta method: the derivative of
 * the logit is 1 / (p (1 - p))), `width` standard errors to either side.
 */
export function onLogits(value: number, standardError: number, width: number): { lower: number; upper: number } {
  const logit = Math.log(value / (1 - value));
  const half = (width * standardError) / (value * (1 - value));
  const inverse = (x: number) => 1 / (1 + Math.exp(-x));
  return { lower: inverse(logit - half), upper: inverse(logit + half) };
}
