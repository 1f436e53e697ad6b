/** A round step (1, 2 or 5 times a power of ten) that divides `span` into about `count` parts. */
export function roundStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const parts = rough / power;
  return (parts < 1.5 ? 1 : parts < 3.5 ? 2 : parts < 7.5 ? 5 : 10) * power;
}

/** Round values from `min` to `max`, about `count` of them. */
export function linearTicks(min: number, max: number, count: number): number[] {
  const step = roundStep(max - min, count);
  const [first, last] = [Math.ceil(min / step - 1e-9), Math.floor(max / step + 1e-9)];
  // An axis so short, so far from zero, has no distinct round values.
  if (!(last - first <= 4 * count) || !Number.isSafeInteger(first)) return [];
  // Counted, not summed, and rounded: 3 * 0.1 is 0.30000000000000004.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) =>
    Number(((first + k) * step).toPrecision(12)),
  ).filter(Number.isFinite);
}

/**
 * Round values for a logarithmic axis: within each decade 1, 2, 3, 5 or 1, 3 or 1 alone, by how many decades there are. A range with
 * less than three of them is divided as a linear one is.
 */
export function logTicks(min: number, max: number): number[] {
  const [first, last] = [Math.max(min, Number.MIN_VALUE), Math.min(max, Number.MAX_VALUE)].map(Math.log10) as [number, number]; // prettier-ignore
  const decades = last - first;
  const multiples = decades <= 1.6 ? [1, 2, 3, 5, 7] : decades <= 2.4 ? [1, 2, 5] : decades <= 4 ? [1, 3] : [1];
  const every = Math.max(1, Math.ceil(decades / 8));
  const ticks: number[] = [];
  for (let power = Math.floor(first); power <= Math.ceil(last); power++) {
    if (power % every !== 0) continue;
    for (const multiple of multiples) {
      const value = Number((multiple * 10 ** power).toPrecision(6));
      if (Number.isFinite(value) && value >= min * 0.999 && value <= max * 1.001) ticks.push(value);
    }
  }
  return ticks.length < 3 ? linearTicks(min, max, 5) : ticks;
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A tick's label: plain figures, groups of three, powers of ten beyond a million and below a thousandth. */
export function tickLabel(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) {
    if (size === Infinity) return `${sign}∞`;
    const [multiple, power] = size.toExponential(2).split('e').map(Number) as [number, number];
    const raised = [...String(power)].map((digit) => (digit === '-' ? '⁻' : superscripts[Number(digit)])).join('');
    return `${sign}${multiple === 1 ? '' : `${multiple} × `}10${raised}`;
  }
  const [whole, decimals] = String(Number(size.toPrecision(6))).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return `${sign}${grouped}${decimals === undefined ? '' : `.${decimals}`}`;
}

/** A score with three significant digits, so that columns of them line up: "3.05", "0.300", "1 230"; beyond that powers of ten. */
export function scoreLabel(score: number): string {
  const size = Math.abs(score);
  // Rounding may lift a score into the next decade: 99.96 is "100".
  const rounded = Number(size.toPrecision(3));
  if (size === 0 || rounded >= 100 || rounded < 1e-3) return tickLabel(Number(score.toPrecision(3)));
  return `${score < 0 ? '−' : ''}${rounded.toPrecision(3)}`;
}
