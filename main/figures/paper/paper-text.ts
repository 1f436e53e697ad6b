import { write, type Pen } from '../../../shared/charts/pen.ts';
import { fitted } from '../../../shared/charts/chart.ts';
import { exportTheme } from '../figure.ts';
import { measureText, registerFonts } from '../fonts.ts';

/** Height of a line of text, px. */
const linePx = 15;

/** How wide a text is, px. */
export function textWidth(text: string, strong = false): number {
  registerFonts();
  return measureText(`${strong ? 600 : 400} 11px ${exportTheme.font}`, text).width;
}

/** The greatest width of some texts, px; 0 for none. */
export const widest = (texts: readonly string[], strong = false) =>
  Math.max(0, ...texts.map((text) => textWidth(text, strong)));

/** `text`, cut where it is wider than `room` px. */
export const cut = (text: string, room: number) => fitted(text, room, (own) => textWidth(own));

/** Breaks a text between words into lines of at most `room` px; a longer word has a line of its own. */
function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Notes below a figure, each from a line of its own on. */
export function notesBelow(
  notes: readonly string[],
  top: number,
  width: number,
): { bottom: number; draw: (pen: Pen) => void } {
  const lines = notes.flatMap((note) => wrapped(note, width));
  const start = lines.length === 0 ? top : top + 6;
  return {
    bottom: start + lines.length * linePx,
    draw: (pen) =>
      lines.forEach((line, i) =>
        write(pen, exportTheme, line, 0, start + (i + 0.5) * linePx, { colour: exportTheme.ink2 }),
      ),
  };
}

/** A figure with three decimals and no 0 before the point, as cells have it: ".958", "1.000". */
export const short = (value: number, decimals = 3) =>
  value
    .toFixed(decimals)
    .replace(/^(-?)0\./, '$1.')
    .replace('-', '−');
