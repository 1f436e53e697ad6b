import type { Chart } from 'chart.js';
import type { ChartTheme } from './theme.ts';

/** What our drawing uses of a 2D canvas context; named here because shared code knows no DOM. */
export interface Pen {
  font: string;
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  lineJoin: string;
  textAlign: 'left' | 'right' | 'center';
  textBaseline: 'alphabetic' | 'middle';
  save(): void;
  restore(): void;
  translate(x: number, y: number): void;
  rotate(angle: number): void;
  beginPath(): void;
  closePath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  fill(): void;
  stroke(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  setLineDash(lengths: number[]): void;
  fillText(text: string, x: number, y: number): void;
  strokeText(text: string, x: number, y: number): void;
  measureText(text: string): { width: number };
}

/** The plot's rectangle in px. */
export interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The pen of a chart being drawn. */
export function penOf(chart: Chart): Pen {
  return (chart as unknown as { ctx: Pen }).ctx;
}

export interface TextStyle {
  size?: 11 | 12 | 13;
  strong?: boolean;
  colour?: string;
  align?: Pen['textAlign'];
  /** Clears what lies behind, so that a line under a word does not make it unreadable. */
  halo?: boolean;
}

/** Selects a font and gives the width of `text` in it, px. */
export function widthOf(
  pen: Pen,
  theme: ChartTheme,
  text: string,
  { size = 11, strong = false }: TextStyle = {},
): number {
  pen.font = `${strong ? 600 : 400} ${size}px ${theme.font}`;
  return pen.measureText(text).width;
}

/** Writes a line of text, `y` being the middle of its height. Returns its width in px. */
export function write(pen: Pen, theme: ChartTheme, text: string, x: number, y: number, style: TextStyle = {}): number {
  pen.save();
  const width = widthOf(pen, theme, text, style);
  pen.textAlign = style.align ?? 'left';
  pen.textBaseline = 'alphabetic';
  // Half the height of capitals below the middle: the same look in every renderer, whatever its font metrics.
  const baseline = y + (style.size ?? 11) * 0.36;
  if (style.halo) {
    pen.strokeStyle = theme.surface;
    pen.lineWidth = 4;
    pen.lineJoin = 'round';
    pen.strokeText(text, x, baseline);
  }
  pen.fillStyle = style.colour ?? theme.ink;
  pen.fillText(text, x, baseline);
  pen.restore();
  return width;
}

/** The rectangle that {@link write} fills with a text. */
export function boxOf(pen: Pen, theme: ChartTheme, text: string, x: number, y: number, style: TextStyle = {}): Area {
  const width = widthOf(pen, theme, text, style);
  const left = x - (style.align === 'right' ? width : style.align === 'center' ? width / 2 : 0);
  const half = (style.size ?? 11) / 2;
  return { left, right: left + width, top: y - half, bottom: y + half };
}

/** Whether two rectangles are nearer to each other than `gap`. */
export function meet(a: Area, b: Area, gap = 0): boolean {
  return a.left < b.right + gap && b.left < a.right + gap && a.top < b.bottom + gap && b.top < a.bottom + gap;
}

/** Whether a rectangle lies inside another one. */
export function isInside(inner: Area, outer: Area): boolean {
  return (
    inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom
  );
}

export type Shape = 'circle' | 'triangle';

/** A filled mark: clean is a circle, anomalous a triangle. */
export function drawMark(pen: Pen, shape: Shape, x: number, y: number, colour: string, radius = 3.5): void {
  pen.save();
  pen.fillStyle = colour;
  pen.beginPath();
  if (shape === 'circle') pen.arc(x, y, radius, 0, 2 * Math.PI);
  else {
    pen.moveTo(x, y - radius * 1.15);
    pen.lineTo(x + radius * 1.15, y + radius * 0.85);
    pen.lineTo(x - radius * 1.15, y + radius * 0.85);
  }
  pen.closePath();
  pen.fill();
  pen.restore();
}

interface LineStyle {
  colour: string;
  width?: number;
  dash?: readonly number[];
}

/** A polyline. */
export function drawLine(pen: Pen, points: readonly (readonly [number, number])[], style: LineStyle): void {
  pen.save();
  pen.strokeStyle = style.colour;
  pen.lineWidth = style.width ?? 1;
  pen.setLineDash([...(style.dash ?? [])]);
  pen.beginPath();
  points.forEach(([x, y], i) => (i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
  pen.stroke();
  pen.restore();
}
