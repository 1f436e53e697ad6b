import { fitted } from '../../shared/charts/chart.ts';
import { drawMark, widthOf, write, type Pen, type TextStyle } from '../../shared/charts/pen.ts';
import { tickLabel } from '../../shared/charts/ticks.ts';
import type { Mistake } from '../../shared/domain/analysis.ts';
import { exportTheme } from './figure.ts';

/** Mistakes of both kinds with what is shown of each, worst first. */
export interface MistakeGroups<T extends Mistake> {
  title: string;
  subtitle: string;
  clean: readonly T[];
  anomalous: readonly T[];
  /** What anomalous samples are called: "Triggered". */
  anomalousWord?: string;
}

/** Mistakes of one kind under their heading. */
export interface MistakeGroup<T extends Mistake> {
  kind: 'clean' | 'anomalous';
  head: string;
  mistakes: readonly T[];
}

/** Space around a sheet, height of its title, height of a group's heading and space below a group, px. */
export const layout = { margin: 16, heading: 44, groupHead: 30, groupGap: 12 } as const;

/** Both groups in the order in which they are drawn. */
export function groupsOf<T extends Mistake>(sheet: MistakeGroups<T>): readonly [MistakeGroup<T>, MistakeGroup<T>] {
  const anomalous = `Least suspicious ${(sheet.anomalousWord ?? 'anomalous').toLowerCase()}`;
  return [
    { kind: 'clean', head: 'Most suspicious clean', mistakes: sheet.clean },
    { kind: 'anomalous', head: anomalous, mistakes: sheet.anomalous },
  ];
}

/** Fills a sheet of `width` x `height` px and writes its title. */
export function drawSheetHead(
  pen: Pen,
  { title, subtitle }: { title: string; subtitle: string },
  { width, height }: { width: number; height: number },
): void {
  const { margin } = layout;
  pen.fillStyle = exportTheme.surface;
  pen.fillRect(0, 0, width, height);
  const used = write(pen, exportTheme, title, margin, margin + 8, { size: 13, strong: true }) + 10;
  const style: TextStyle = { size: 12, colour: exportTheme.ink3 };
  writeFitted(pen, subtitle, margin + used, margin + 8, width - 2 * margin - used, style);
}

/** Writes the heading of a group that starts at `top`. */
export function drawGroupHead(pen: Pen, { kind, head }: MistakeGroup<Mistake>, top: number): void {
  const { margin } = layout;
  drawMark(pen, kind === 'clean' ? 'circle' : 'triangle', margin + 4, top + 14, exportTheme[kind]);
  write(pen, exportTheme, head, margin + 14, top + 14, { size: 12, strong: true });
}

/** Scores of a group with equally many decimals, four significant figures for the largest. */
export function scoreFormat(mistakes: readonly Mistake[]): (score: number) => string {
  const largest = mistakes.reduce((most, { score }) => Math.max(most, Math.abs(score)), 0);
  const power = largest === 0 ? 0 : Math.floor(Math.log10(largest));
  if (power >= 6 || power < -4) return (score) => tickLabel(Number(score.toPrecision(4)));
  return (score) => score.toFixed(Math.max(0, 3 - power)).replace('-', '−');
}

/** Writes `text`, cut with an ellipsis where it is wider than `room` px. */
export function writeFitted(pen: Pen, text: string, x: number, y: number, room: number, style: TextStyle): void {
  const width = (part: string) => widthOf(pen, exportTheme, part, style);
  write(pen, exportTheme, fitted(text, room, width), x, y, style);
}
