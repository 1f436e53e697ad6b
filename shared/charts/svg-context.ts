/** How wide and high a line of text is in a CSS font ("600 12px Inter"), px, as a canvas measures it. */
export type MeasureText = (
  font: string,
  text: string,
) => { width: number; fontBoundingBoxAscent: number; fontBoundingBoxDescent: number };

/** What an SVG names as its typeface, for viewers: text there stays text. */
const svgFontStack = "Inter, 'Segoe UI', system-ui, 'Helvetica Neue', Arial, sans-serif";

/** What `save` keeps and `restore` brings back. */
interface DrawingState {
  font: string;
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  lineCap: string;
  lineJoin: string;
  lineDashOffset: number;
  globalAlpha: number;
  textAlign: string;
  textBaseline: string;
}

interface HiddenState {
  dash: readonly number[];
  /** As in SVG's `matrix(a b c d e f)`. */
  matrix: readonly [a: number, b: number, c: number, d: number, e: number, f: number];
  /** Id of the clip in force. */
  clip: string | undefined;
}

const identity = [1, 0, 0, 1, 0, 0] as const;
const anchors: Record<string, string> = { center: 'middle', right: 'end', end: 'end' };

/** `text` with the replacement character for all that XML may not hold and a typeface has no sign for. */
export function printable(text: string): string {
  return text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

function escaped(text: string): string {
  return printable(text).replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Eight hexadecimal digits by FNV-1a: no more than names that differ where the content does. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** Hundredths of a pixel are finer than any screen or printer shows. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A colour with its opacity apart, as all SVG viewers take it. */
function paint(name: 'fill' | 'stroke', style: string, alpha: number): string {
  const parts = /^rgba\((.+),\s*([\d.]+)\)$/.exec(style);
  const opacity = alpha * (parts ? Number(parts[2]) : 1);
  const colour = parts ? `rgb(${parts[1]!.replaceAll(' ', '')})` : style;
  return `${name}="${colour}"${opacity === 1 ? '' : ` ${name}-opacity="${short(opacity)}"`}`;
}

/**
 * A 2D context that writes SVG, for the part of the canvas interface that Chart.js and our charts use. Skia's own SVG
 * output turns dashes into outlines and words into single letters; here lines stay lines, and text stays text that can be
 * selected, searched and edited. Transformations may move and turn, not scale.
 */
export class SvgContext implements DrawingState {
  font = '10px sans-serif';
  fillStyle = '#000000';
  strokeStyle = '#000000';
  lineWidth = 1;
  lineCap = 'butt';
  lineJoin = 'miter';
  lineDashOffset = 0;
  globalAlpha = 1;
  textAlign = 'start';
  textBaseline = 'alphabetic';
  readonly canvas: { width: number; height: number; getContext: () => SvgContext };
  readonly #elements: string[] = [];
  readonly #clips = new Map<string, string>();
  readonly #stack: { state: DrawingState; hidden: HiddenState }[] = [];
  #hidden: HiddenState = { dash: [], matrix: identity, clip: undefined };
  readonly #measure: MeasureText;
  #path = '';

  constructor(width: number, height: number, measure: MeasureText) {
    this.canvas = { width, height, getContext: () => this };
    this.#measure = measure;
  }

  /** The document; `title` and `description` are read by screen readers. `onPaper` is its size there, else it has that of its px. */
  toSvg(title: string, description: string, onPaper?: { widthMm: number; heightMm: number }): string {
    const { width, height } = this.canvas;
    const [wide, high] = onPaper ? [`${onPaper.widthMm}mm`, `${onPaper.heightMm}mm`] : [width, height];
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${width} ${height}" role="img" font-family="${svgFontStack}">`,
      `<title>${escaped(title)}</title>`,
      `<desc>${escaped(description)}</desc>`,
      this.#clips.size === 0 ? '' : `<defs>${[...this.#clips.values()].join('')}</defs>`,
      ...this.#elements,
      '</svg>',
      '',
    ].join('\n');
  }

  save(): void {
    const { font, fillStyle, strokeStyle, lineWidth, lineCap, lineJoin, lineDashOffset } = this;
    const { globalAlpha, textAlign, textBaseline } = this;
    this.#stack.push({
      state: {
        font,
        fillStyle,
        strokeStyle,
        lineWidth,
        lineCap,
        lineJoin,
        lineDashOffset,
        globalAlpha,
        textAlign,
        textBaseline,
      },
      hidden: this.#hidden,
    });
  }

  restore(): void {
    const saved = this.#stack.pop();
    if (saved === undefined) return;
    Object.assign(this, saved.state);
    this.#hidden = saved.hidden;
  }

  translate(x: number, y: number): void {
    const [a, b, c, d, e, f] = this.#hidden.matrix;
    this.#hidden = { ...this.#hidden, matrix: [a, b, c, d, a * x + c * y + e, b * x + d * y + f] };
  }

  rotate(angle: number): void {
    const [a, b, c, d, e, f] = this.#hidden.matrix;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.#hidden = {
      ...this.#hidden,
      matrix: [a * cos + c * sin, b * cos + d * sin, c * cos - a * sin, d * cos - b * sin, e, f],
    };
  }

  setTransform(...matrix: [number, number, number, number, number, number]): void {
    this.#hidden = { ...this.#hidden, matrix };
  }

  resetTransform(): void {
    this.#hidden = { ...this.#hidden, matrix: identity };
  }

  /** Chart.js clears once, before it draws: there is nothing to clear in a document that begins. */
  clearRect(): void {
    this.#elements.length = 0;
  }

  setLineDash(dash: readonly number[]): void {
    this.#hidden = { ...this.#hidden, dash: [...dash] };
  }

  beginPath(): void {
    this.#path = '';
  }

  closePath(): void {
    if (this.#path !== '') this.#path += 'Z';
  }

  moveTo(x: number, y: number): void {
    this.#path += `M${this.#point(x, y)}`;
  }

  lineTo(x: number, y: number): void {
    this.#path += `${this.#path === '' ? 'M' : 'L'}${this.#point(x, y)}`;
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#path += `C${this.#point(x1, y1)} ${this.#point(x2, y2)} ${this.#point(x, y)}`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.moveTo(x, y);
    this.lineTo(x + width, y);
    this.lineTo(x + width, y + height);
    this.lineTo(x, y + height);
    this.closePath();
  }

  arc(x: number, y: number, radius: number, from: number, to: number, counterclockwise = false): void {
    const at = (angle: number) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
    this.lineTo(...at(from));
    const size = short(radius);
    // An SVG arc cannot close on itself, so it goes in two halves.
    for (const angle of [(from + to) / 2, to]) {
      const large = Math.abs(to - from) / 2 > Math.PI ? 1 : 0;
      this.#path += `A${size} ${size} 0 ${large} ${counterclockwise ? 0 : 1} ${this.#point(...at(angle))}`;
    }
  }

  clip(): void {
    const parent = this.#hidden.clip;
    // Named by content, so that figures put into one page do not take each other's clips.
    const id = `clip-${digest(`${parent ?? ''} ${this.#path}`)}`;
    const within = parent === undefined ? '' : ` clip-path="url(#${parent})"`;
    this.#clips.set(id, `<clipPath id="${id}"${within}><path d="${this.#path}"/></clipPath>`);
    this.#hidden = { ...this.#hidden, clip: id };
  }

  fill(): void {
    this.#add(`<path d="${this.#path}" ${paint('fill', this.fillStyle, this.globalAlpha)}`);
  }

  stroke(): void {
    this.#add(`<path d="${this.#path}" fill="none" ${this.#strokeAttributes()}`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.beginPath();
    this.rect(x, y, width, height);
    this.fill();
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.beginPath();
    this.rect(x, y, width, height);
    this.stroke();
  }

  fillText(text: string, x: number, y: number): void {
    this.#addText(text, x, y, paint('fill', this.fillStyle, this.globalAlpha));
  }

  strokeText(text: string, x: number, y: number): void {
    this.#addText(text, x, y, `fill="none" aria-hidden="true" ${this.#strokeAttributes()}`);
  }

  measureText(text: string): { width: number } {
    return this.#measure(this.font, text);
  }

  #point(x: number, y: number): string {
    const [a, b, c, d, e, f] = this.#hidden.matrix;
    return `${short(a * x + c * y + e)} ${short(b * x + d * y + f)}`;
  }

  #strokeAttributes(): string {
    const { dash } = this.#hidden;
    return [
      paint('stroke', this.strokeStyle, this.globalAlpha),
      `stroke-width="${short(this.lineWidth)}"`,
      this.lineCap === 'butt' ? '' : `stroke-linecap="${this.lineCap}"`,
      this.lineJoin === 'miter' ? '' : `stroke-linejoin="${this.lineJoin}"`,
      dash.length === 0 ? '' : `stroke-dasharray="${dash.join(' ')}"`,
      this.lineDashOffset === 0 ? '' : `stroke-dashoffset="${short(this.lineDashOffset)}"`,
    ]
      .filter((attribute) => attribute !== '')
      .join(' ');
  }

  #add(open: string, content?: string): void {
    const { clip } = this.#hidden;
    const clipped = clip === undefined ? open : `${open} clip-path="url(#${clip})"`;
    this.#elements.push(content === undefined ? `${clipped}/>` : `${clipped}>${content}</text>`);
  }

  #addText(text: string, x: number, y: number, look: string): void {
    const [a, b, , , e, f] = this.#hidden.matrix;
    const size = /([\d.]+)px/.exec(this.font)?.[1] ?? '10';
    const weight = /(?:^| )(\d+|bold) /.exec(this.font)?.[1] ?? '400';
    const baseline = y + this.#baselineShift(text);
    const turned = Math.abs(b) > 1e-9;
    const angle = (Math.atan2(b, a) * 180) / Math.PI;
    const place = turned
      ? `transform="translate(${short(e)} ${short(f)}) rotate(${short(angle)})" x="${short(x)}" y="${short(baseline)}"`
      : `x="${short(x + e)}" y="${short(baseline + f)}"`;
    const anchor = anchors[this.textAlign];
    this.#add(
      [
        `<text ${place} font-size="${size}"`,
        weight === '400' ? '' : ` font-weight="${weight}"`,
        anchor === undefined ? '' : ` text-anchor="${anchor}"`,
        ` ${look}`,
      ].join(''),
      escaped(text),
    );
  }

  /** How far the alphabetic baseline lies below the point that the baseline in force puts at y. */
  #baselineShift(text: string): number {
    if (this.textBaseline === 'alphabetic') return 0;
    const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = this.#measure(this.font, text);
    if (this.textBaseline === 'middle') return (ascent - descent) / 2;
    return this.textBaseline === 'top' || this.textBaseline === 'hanging' ? ascent : -descent;
  }
}
