import { drawLine, drawMark, write, type Pen } from '../../../shared/charts/pen.ts';
import { exportTheme } from '../figure.ts';
import { cut, notesBelow, textWidth } from './paper-text.ts';
import { tooNarrow, type PaperDrawing } from './paper.ts';

/** Mean ranks as they are drawn. */
interface RankData {
  /** Best first. */
  detectors: { label: string; rank: number }[];
  /** Places of detectors of which no two are told apart, best first; a bar joins each. */
  groups: number[][];
  notes: string[];
}

const gap = 6;
const labelPx = 17;
const axisY = 24;
const barGap = 7;
const mostForNames = 0.42;
const shortestAxis = 70;

/** A detector's name with where its line meets it. */
interface Label {
  text: string;
  side: 'left' | 'right';
  y: number;
}

/**
 * Lays out a critical-difference diagram (Demšar 2006): mean ranks on an axis, the best at the left, and bars that join
 * what is not told apart. @throws CupbearerError `usage` where names leave no room.
 */
export function rankDrawing({ detectors, groups, notes }: RankData, width: number): PaperDrawing {
  const worst = Math.max(2, detectors.length);
  const half = Math.ceil(detectors.length / 2);
  const texts = detectors.map(({ label, rank }) => `${cut(label, width * mostForNames - 24)} ${rank.toFixed(1)}`);
  const { left, right } = axisFor(detectors, texts, half, worst, width);
  const at = (rank: number) => left + ((rank - 1) / (worst - 1)) * (right - left);
  const levels = levelsOf(groups.map((group) => group.map((place) => detectors[place]!.rank)));
  const barY = (group: number) => axisY + 9 + levels[group]! * barGap;
  const firstLabel = axisY + 9 + (Math.max(-1, ...levels) + 1) * barGap + 8;
  const labels = detectors.map((_, i): Label => {
    // The outermost of each side ends first, so that no line crosses another.
    const [side, turn] = i < half ? (['left', i] as const) : (['right', detectors.length - 1 - i] as const);
    return { text: texts[i]!, side, y: firstLabel + turn * labelPx };
  });
  const below = notesBelow(notes, Math.max(firstLabel, ...labels.map(({ y }) => y)) + 12, width);
  return {
    height: below.bottom + 2,
    draw(pen) {
      drawAxis(pen, worst, at);
      detectors.forEach(({ rank }, i) => drawLabel(pen, labels[i]!, at(rank), width));
      groups.forEach((group, g) => {
        const ranks = group.map((place) => detectors[place]!.rank);
        const y = barY(g);
        drawLine(pen, [[at(Math.min(...ranks)) - 3, y], [at(Math.max(...ranks)) + 3, y]], { colour: exportTheme.ink, width: 3 }); // prettier-ignore
        // A bar may pass a detector that it does not join.
        for (const rank of ranks) drawMark(pen, 'circle', at(rank), y, exportTheme.ink, 2.8);
      });
      below.draw(pen);
    },
  };
}

/** The ends of the axis: as far apart as names beside it allow. */
function axisFor(
  detectors: RankData['detectors'],
  texts: readonly string[],
  half: number,
  worst: number,
  width: number,
): { left: number; right: number } {
  let [left, right] = [gap, width - gap];
  const share = (rank: number) => (rank - 1) / (worst - 1);
  // Either end moves what the other needs; both only ever move inwards.
  for (let i = 0; i < 20; i++) {
    for (const [place, { rank }] of detectors.entries()) {
      const needed = textWidth(texts[place]!) + 2 * gap;
      const own = share(rank);
      if (place < half && own < 1) left = Math.max(left, (needed - own * right) / (1 - own));
      else if (place >= half && own > 0) right = Math.min(right, (width - needed - (1 - own) * left) / own);
    }
  }
  if (!(right - left >= shortestAxis)) throw tooNarrow('The names of the detectors');
  return { left, right };
}

/** Returns for each bar how far down it lies, so that none meets another. */
function levelsOf(groups: readonly (readonly number[])[]): number[] {
  const ends: number[] = [];
  return groups.map((ranks) => {
    const [from, to] = [Math.min(...ranks), Math.max(...ranks)];
    const free = ends.findIndex((end) => end < from);
    const level = free === -1 ? ends.length : free;
    ends[level] = to;
    return level;
  });
}

function drawAxis(pen: Pen, worst: number, at: (rank: number) => number): void {
  const colour = exportTheme.ink;
  drawLine(pen, [[at(1), axisY], [at(worst), axisY]], { colour }); // prettier-ignore
  const every = Math.max(1, Math.ceil(24 / (at(2) - at(1))));
  for (let rank = 1; rank <= worst; rank++) {
    drawLine(pen, [[at(rank), axisY - 5], [at(rank), axisY]], { colour }); // prettier-ignore
    if ((rank - 1) % every === 0) write(pen, exportTheme, String(rank), at(rank), axisY - 14, { align: 'center' });
  }
}

function drawLabel(pen: Pen, { text, side, y }: Label, x: number, width: number): void {
  const edge = side === 'left' ? textWidth(text) + gap / 2 : width - textWidth(text) - gap / 2;
  drawLine(pen, [[x, axisY], [x, y], [edge, y]], { colour: exportTheme.dataInk }); // prettier-ignore
  write(pen, exportTheme, text, side === 'left' ? 0 : width, y, { align: side });
}
