/** A figure with its 95 % interval. */
export interface Interval {
  value: number;
  lower: number;
  upper: number;
  method: 'delong-logit' | 'stratified-bootstrap' | 'rule-of-three';
  /** The value stands at the end of its range, and the interval bounds it from the other side only. */
  oneSided: boolean;
}

/** Half-width of a two-sided 95 % interval in standard deviations. */
export const z95 = 1.959963984540054;
