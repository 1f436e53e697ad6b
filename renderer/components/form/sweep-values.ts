/** Values from one end to the other, both included, in equal steps or, on a log scale, equal ratios; whole numbers once each. */
export function rangeValues(
  from: number,
  to: number,
  steps: number,
  { scale, whole }: { scale: 'linear' | 'log'; whole: boolean },
): number[] {
  const at = (share: number) =>
    share === 0 ? from : share === 1 ? to : scale === 'log' ? from * (to / from) ** share : from + (to - from) * share;
  // Four digits: nobody means more of what lies between two ends.
  const tidy = (value: number, i: number) => (i === 0 || i === steps - 1 ? value : Number(value.toPrecision(4)));
  const values = Array.from({ length: steps }, (_, i) => tidy(at(steps === 1 ? 0 : i / (steps - 1)), i));
  return [...new Set(whole ? values.map(Math.round) : values)];
}

/** Why a range cannot be filled; null if it can. */
export function rangeFault(from: unknown, to: unknown, steps: unknown, scale: 'linear' | 'log'): string | null {
  if (typeof from !== 'number' || typeof to !== 'number') return 'Type where the range begins and ends';
  if (typeof steps !== 'number' || !Number.isInteger(steps) || steps < 2 || steps > 100)
    return 'Steps must be a whole number from 2 to 100';
  if (scale === 'log' && (from <= 0 || to <= 0)) return 'A log scale needs ends above 0';
  return from === to ? 'The ends must differ' : null;
}

/** The parts of a text that stand for numbers each, separated by spaces, semicolons or commas; one comma may be the decimal point. */
export function numberTexts(text: string): string[] {
  return text
    .split(/[;\s]+/)
    .flatMap((part) => (/,.*,|,$/.test(part) || /,\s/.test(text) ? part.split(',') : [part]))
    .filter((part) => part !== '');
}
