import type { ExperimentView } from '../../../shared/domain/experiment-view.ts';
import type { MatrixCell } from '../../../shared/domain/result-matrix.ts';
import { formatMetric } from '../../../shared/format.ts';

/** A figure below 1 without its leading zero, as tables have it: ".953", "1.000", "−.017". */
export function shortFigure(value: number): string {
  return formatMetric(value).replace(/^(-?)0\./, '$1.').replace('-', '\u2212'); // prettier-ignore
}

/** A difference with its sign: "+.017", "−.005". */
export function signedFigure(value: number): string {
  const text = shortFigure(value);
  return value > 0 ? `+${text}` : text;
}

/** The interval of a figure, as short as a cell has room for: ".936–.969"; "" where it is not known. */
export function shortInterval({ lower, upper }: Pick<MatrixCell, 'lower' | 'upper'>): string {
  return lower === null || upper === null ? '' : `${shortFigure(lower)}\u2013${shortFigure(upper)}`;
}

/** A p value: ".047", "< .001". */
export function pWords(p: number): string {
  if (p < 0.001) return '<\u00a0.001';
  return p >= 0.9995 ? '1' : shortFigure(p);
}

/** How many seeds of a cell are done. */
export function seedsDone({ seeds }: Pick<MatrixCell, 'seeds'>): number {
  return seeds.filter(({ state }) => state === 'done').length;
}

/** A reason that fits a cell: its first sentence, without the full stop. */
export function shortReason(reason: string | null): string {
  return (reason ?? '').split(/[.:;] /)[0]?.replace(/\.$/, '') ?? '';
}

/** The axis that all seeds of a cell share: round ends around their intervals; undefined while no seed is done. */
export function seedAxis({
  seeds,
  lower,
  upper,
}: Pick<MatrixCell, 'seeds' | 'lower' | 'upper'>): { from: number; to: number } | undefined {
  // prettier-ignore
  const ends = [lower, upper, ...seeds.flatMap((seed) => [seed.value, seed.lower, seed.upper])].filter(
    (end) => end !== null,
  );
  if (!seeds.some(({ value }) => value !== null)) return undefined;
  // A hundredth is as short as the axis gets: noise of the fourth decimal must not look like a difference.
  const from = Math.max(0, Math.floor(Math.min(...ends) * 50) / 50);
  const to = Math.min(1, Math.ceil(Math.max(...ends) * 50) / 50);
  return from < to ? { from, to } : { from: Math.max(0, to - 0.02), to: Math.max(0.02, to) };
}

/**
 * Letters by row, of which those share one that tests do not tell apart ("compact letter display"); none where nothing could be tested,
 * or a row differs from all others.
 */
export function groupLetters({ groups }: Pick<ExperimentView, 'groups'>): Partial<Record<number, string>> {
  const letters: Record<number, string> = {};
  for (const [i, group] of (groups ?? []).entries())
    for (const row of group) letters[row] = `${letters[row] ?? ''}${letterOf(i)}`;
  return letters;
}

/** "a" to "z", then "a′". */
const letterOf = (place: number) => String.fromCharCode(97 + (place % 26)) + '\u2032'.repeat(Math.floor(place / 26));
