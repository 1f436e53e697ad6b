import { exportTheme } from '../../main/figures/figure.ts';
import { measureText, registerFonts } from '../../main/figures/fonts.ts';
import { chartToSvg } from '../../shared/charts/draw-chart.ts';
import type { ChartConfig } from '../../shared/charts/chart.ts';

/** A text of a chart and the rectangle that its letters take, px. */
interface WrittenText {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const attribute = (tag: string, name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];

/** All that a chart of this size writes, with the figures' own typeface. */
function writtenTexts(config: ChartConfig, width: number, height: number): WrittenText[] {
  registerFonts();
  const svg = chartToSvg(config, { width, height, background: '#fff', title: '', description: '' }, measureText);
  return [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].flatMap(([, tag = '', escaped = '']) => {
    // The halo of a text is drawn before it, at the same place.
    if (attribute(tag, 'aria-hidden') === 'true' || escaped === '') return [];
    const text = escaped.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    const size = Number(attribute(tag, 'font-size'));
    const wide = measureText(`${attribute(tag, 'font-weight') ?? '400'} ${size}px ${exportTheme.font}`, text).width;
    const anchor = attribute(tag, 'text-anchor');
    const [x, y] = [Number(attribute(tag, 'x')), Number(attribute(tag, 'y'))];
    const left = x - (anchor === 'end' ? wide : anchor === 'middle' ? wide / 2 : 0);
    const box = { left, right: left + wide, top: y - 0.73 * size, bottom: y + 0.1 * size };
    const turned = /translate\(([-\d.]+) ([-\d.]+)\) rotate\(-90\)/.exec(attribute(tag, 'transform') ?? '');
    if (!turned) return { text, ...box };
    const [across, down] = [Number(turned[1]), Number(turned[2])];
    return {
      text,
      left: across + box.top,
      right: across + box.bottom,
      top: down - box.right,
      bottom: down - box.left,
    };
  });
}

/** The pairs of texts that lie on one another, and the texts that leave the chart, in words. */
export function overprints(config: ChartConfig, width: number, height: number): string[] {
  const texts = writtenTexts(config, width, height);
  const outside = texts
    .filter(({ left, right, top, bottom }) => left < -0.5 || right > width + 0.5 || top < -0.5 || bottom > height + 0.5)
    .map(({ text, left, right }) => `${text} leaves the chart: ${left.toFixed(0)} to ${right.toFixed(0)} of ${width}`);
  const meeting = texts.flatMap((a, i) =>
    texts
      .slice(i + 1)
      .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      .map((b) => `${a.text} meets ${b.text}`),
  );
  return [...outside, ...meeting];
}
