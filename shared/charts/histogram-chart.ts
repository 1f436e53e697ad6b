import type { Chart, Plugin } from 'chart.js';
import type { Histogram } from '../domain/evaluation.ts';
import { formatCount } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  now,
  type ChartConfig,
  type ChartTable,
  type Heading,
  type Live,
} from './chart.ts';
import { spread } from './labels.ts';
import { drawLine, drawMark, penOf, widthOf, write, type Area } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';
import { linearTicks, logTicks, tickLabel } from './ticks.ts';

/** How scores are spread by class. */
interface HistogramChartData extends Heading {
  histogram: Histogram;
  /** What is scored, in the plural: "Images". */
  samples?: string;
  /** What anomalous samples are called: "Triggered". */
  anomalous?: string;
  score?: string;
  /** Samples scoring at least this are flagged. */
  threshold?: Live<number | null>;
  /** What the threshold stands for: "1 % FPR". */
  thresholdLabel?: string;
}

const labelRoom = 22;
const classes = ['clean', 'anomalous'] as const;

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

/** The middle of the bin in which the median lies, on the histogram's own axis. */
function medianOf({ edges, scale }: Histogram, counts: readonly number[]): number {
  const half = total(counts) / 2;
  let seen = 0;
  const bin = counts.findIndex((count) => (seen += count) >= half);
  const [low, high] = [edges[bin]!, edges[bin + 1]!];
  return scale === 'log' ? Math.sqrt(low) * Math.sqrt(high) : low / 2 + high / 2;
}

/** Beyond this ratio of sizes the smaller class would be a line on the axis: shares of each class are drawn instead. */
const unbalanced = 3;

/** What a sample counts for, by class, and what the heights are. */
function heights(histogram: Histogram): { clean: number; anomalous: number; asShares: boolean } {
  const [clean, anomalous] = [total(histogram.clean), total(histogram.anomalous)];
  const asShares = Math.max(clean, anomalous) > unbalanced * Math.min(clean, anomalous);
  const share = (samples: number) => (asShares ? 100 / Math.max(1, samples) : 1);
  return { clean: share(clean), anomalous: share(anomalous), asShares };
}

function outline(edges: readonly number[], counts: readonly number[], height: number): { x: number; y: number }[] {
  const steps = counts
    .map((count) => count * height)
    .flatMap((y, i) => [
      { x: edges[i]!, y },
      { x: edges[i + 1]!, y },
    ]);
  return [{ x: edges[0]!, y: 0 }, ...steps, { x: edges.at(-1)!, y: 0 }];
}

/** Where a score lies on the axis, px; on a logarithmic one those that have no logarithm lie left of all others. */
function placeOf(chart: Chart, score: number): number {
  const at = chart.scales['x']!.getPixelForValue(score);
  return Number.isNaN(at) ? -Infinity : at;
}

/** Tints the side of the plot that a threshold flags and draws the threshold; marks one that lies outside the plot. */
function thresholdPlugin(theme: ChartTheme, threshold: Live<number | null>, label: string): Plugin {
  return {
    id: 'threshold',
    beforeDatasetsDraw(chart) {
      const value = now(threshold);
      if (value === null) return;
      const pen = penOf(chart);
      const { left, right, top, bottom } = chart.chartArea as Area;
      const x = Math.max(left, Math.min(right, placeOf(chart, value)));
      pen.save();
      pen.fillStyle = withOpacity(theme.ink, 0.045);
      pen.fillRect(x, top, right - x, bottom - top);
      pen.restore();
    },
    afterDatasetsDraw(chart) {
      const value = now(threshold);
      if (value === null) return;
      const pen = penOf(chart);
      const { left, right, top, bottom } = chart.chartArea as Area;
      const at = placeOf(chart, value);
      const x = Math.max(left, Math.min(right, at));
      drawLine(
        pen,
        [
          [x, top],
          [x, bottom],
        ],
        { colour: theme.ink, width: 1.5 },
      );
      const text = at > right ? `${label} →` : at < left ? `← ${label}` : label;
      const toLeft = right - x < widthOf(pen, theme, text) + 8;
      write(pen, theme, text, x + (toLeft ? -6 : 6), top + 8, {
        colour: theme.ink2,
        align: toLeft ? 'right' : 'left',
      });
    },
  };
}

/** Names both classes above the plot, each over its median as far as there is room, with mark and number. */
function classLabelsPlugin(theme: ChartTheme, data: HistogramChartData): Plugin {
  return {
    id: 'classLabels',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { top } = chart.chartArea as Area;
      const labels = classes.map((kind) => {
        const counts = data.histogram[kind];
        const word = kind === 'clean' ? 'Clean' : (data.anomalous ?? 'Anomalous');
        const text = `${word}, ${formatCount(total(counts))}`;
        const width = 12 + widthOf(pen, theme, text, { size: 12, strong: true });
        return { kind, text, width, centre: chart.scales['x']!.getPixelForValue(medianOf(data.histogram, counts)) };
      });
      const gap = (labels[0]!.width + labels[1]!.width) / 2 + 16;
      const widest = Math.max(...labels.map(({ width }) => width));
      const placed = spread(
        labels.map(({ centre }) => centre),
        gap,
        widest / 2,
        chart.width - widest / 2,
      );
      labels.forEach(({ kind, text, width }, i) => {
        const x = placed[i]! - width / 2;
        const y = top - labelRoom / 2;
        drawMark(pen, kind === 'clean' ? 'circle' : 'triangle', x + 4, y, theme[kind]);
        write(pen, theme, text, x + 12, y, { size: 12, strong: true });
      });
    },
  };
}

/** Two stepped outlines over shared bins, clean and anomalous, on the axis that the histogram suggests. */
export function histogramChart(data: HistogramChartData, theme: ChartTheme): ChartConfig {
  const { edges, scale, clean, anomalous } = data.histogram;
  const weight = heights(data.histogram);
  // The room above takes the threshold's label.
  const top = 1.1 * Math.max(Math.max(...clean) * weight.clean, Math.max(...anomalous) * weight.anomalous);
  const ticks = linearTicks(0, top, 4).filter((tick) => weight.asShares || Number.isInteger(tick));
  const [low, high] = [edges[0]!, edges[edges.length - 1]!];
  const log = scale === 'log';
  const { threshold = null } = data;
  return {
    type: 'line',
    data: {
      datasets: classes.map((kind) => ({
        data: outline(edges, data.histogram[kind], weight[kind]),
        borderColor: theme[kind],
        borderWidth: 1.5,
        borderJoinStyle: 'miter',
        backgroundColor: withOpacity(theme[kind], theme.fill),
        fill: 'origin',
        pointRadius: 0,
        // The outline on the axis and along the edges keeps its full width.
        clip: 2,
      })),
    },
    options: {
      ...baseOptions(data, { above: labelRoom }),
      scales: {
        x: axis(theme, {
          type: log ? 'logarithmic' : 'linear',
          min: low,
          max: high,
          ticks: log ? logTicks(low, high) : linearTicks(low, high, 8),
          label: tickLabel,
          grid: false,
          line: true,
        }),
        y: axis(theme, {
          type: 'linear',
          min: 0,
          max: top,
          ticks,
          label: tickLabel,
          grid: true,
          line: false,
        }),
      },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, {
        x: `${data.score ?? 'Anomaly score'}${log ? ', log scale' : ''}`,
        y: weight.asShares ? 'Share of each class per bin, %' : `${data.samples ?? 'Samples'} per bin`,
      }),
      classLabelsPlugin(theme, data),
      ...(threshold === null ? [] : [thresholdPlugin(theme, threshold, data.thresholdLabel ?? 'Threshold')]),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeHistogram({
  histogram,
  samples = 'Samples',
  anomalous = 'Anomalous',
  title,
}: HistogramChartData): string {
  const about = (kind: (typeof classes)[number]) =>
    tickLabel(Number(medianOf(histogram, histogram[kind]).toPrecision(3)));
  const low = histogram.edges[0]!.toPrecision(3);
  const high = histogram.edges[histogram.edges.length - 1]!.toPrecision(3);
  return (
    `${title ?? 'Scores'}: ${formatCount(total(histogram.clean))} clean and ${formatCount(total(histogram.anomalous))} ` +
    `${anomalous.toLowerCase()} ${samples.toLowerCase()} from ${tickLabel(Number(low))} to ${tickLabel(Number(high))}. ` +
    `The median is about ${about('clean')} for clean and ${about('anomalous')} for ${anomalous.toLowerCase()} ones.`
  );
}

/** One row a bin. */
export function histogramToTable({ histogram, anomalous = 'Anomalous' }: HistogramChartData): ChartTable {
  return {
    header: ['score from', 'score to', 'clean', anomalous.toLowerCase()],
    rows: histogram.clean.map((count, i) => [
      histogram.edges[i]!,
      histogram.edges[i + 1]!,
      count,
      histogram.anomalous[i]!,
    ]),
  };
}
