/** The axis that a threshold is moved along. */
export interface ThresholdAxis {
  scale: 'linear' | 'log';
  low: number;
  high: number;
}

const small = 0.02;
const large = 0.1;

const shifts: Readonly<Record<string, number>> = {
  ArrowLeft: -small,
  ArrowDown: -small,
  ArrowRight: small,
  ArrowUp: small,
  PageDown: -large,
  PageUp: large,
};

/** Returns where a value lies on the axis: 0 at its low end, 1 at its high end, not beyond. */
export function positionOn({ scale, low, high }: ThresholdAxis, value: number): number {
  const at = scale === 'log' ? (x: number) => Math.log(Math.max(x, Number.MIN_VALUE)) : (x: number) => x;
  return Math.min(1, Math.max(0, (at(value) - at(low)) / (at(high) - at(low))));
}

/** The value at a position of 0 to 1 on the axis; the ends exactly. */
export function valueOn({ scale, low, high }: ThresholdAxis, position: number): number {
  if (position <= 0) return low;
  if (position >= 1) return high;
  return scale === 'log' ? low * (high / low) ** position : low + (high - low) * position;
}

/**
 * Returns where a key moves a threshold: arrows by 2 % of the axis, Page keys by 10 %, Home and End to its ends;
 * undefined for any other key.
 */
export function thresholdAfterKey(axis: ThresholdAxis, threshold: number, key: string): number | undefined {
  if (key === 'Home') return axis.low;
  if (key === 'End') return axis.high;
  const shift = shifts[key];
  return shift === undefined ? undefined : valueOn(axis, positionOn(axis, threshold) + shift);
}
