import { chartToSvg, drawChart } from '../../shared/charts/draw-chart.ts';
import type { MeasureText } from '../../shared/charts/svg-context.ts';
import { csvText } from '../../shared/csv.ts';
import { paperTheme } from './chart-theme.svelte.ts';
import { saveFile } from '../app/save-file.ts';
import type { ShownChart } from './shown-chart.ts';
import { given } from '../../shared/given.ts';

export type ChartFormat = 'png' | 'svg' | 'csv';

/** For displays and print: text of 11 px stays sharp. */
const pixelRatio = 2;

/** The chart on light paper, or its numbers. */
async function chartToBlob(chart: ShownChart, format: ChartFormat): Promise<Blob> {
  if (format === 'csv') {
    const { header, rows } = chart.table();
    return new Blob([csvText([header, ...rows])], { type: 'text/csv' });
  }
  // A typeface that the page has not used yet is not there for a canvas either.
  await Promise.all(['400 12px Inter', '600 12px Inter'].map((font) => document.fonts.load(font)));
  const { title, subtitle, paper } = chart;
  const config = chart.config(paperTheme, { title, ...given({ subtitle }) });
  const background = paperTheme.surface;
  if (format === 'svg') {
    const pen = new OffscreenCanvas(1, 1).getContext('2d')!;
    const measure: MeasureText = (font, text) => {
      pen.font = font;
      return pen.measureText(text);
    };
    const description = chart.describe();
    return new Blob([chartToSvg(config, { ...paper, background, title, description }, measure)], {
      type: 'image/svg+xml',
    });
  }
  const canvas = new OffscreenCanvas(paper.width, paper.height);
  // Destroying a chart clears its canvas: the picture is taken before that.
  const picture = drawChart(config, canvas, { background, pixelRatio }, () => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    copy.getContext('2d')!.drawImage(canvas, 0, 0);
    return copy;
  });
  return picture.convertToBlob({ type: 'image/png' });
}

/** Offers a chart as a file. */
export async function saveChart(chart: ShownChart, format: ChartFormat): Promise<void> {
  const blob = await chartToBlob(chart, format);
  saveFile(new File([blob], `${chart.name}.${format}`, { type: blob.type }));
}
