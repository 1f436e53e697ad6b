import type { Plugin } from 'chart.js';
import type { FigureInterval } from '../domain/evaluation.ts';
import { formatInterval, formatMetric, formatPercent } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { keyPlugin, keyRoom } from './labels.ts';
import { penOf, write, type Area } from './pen.ts';
import { styledCurves } from './roc-chart.ts';
import type { ChartTheme } from './theme.ts';
import { tickLabel } from './ticks.ts';

interface PrecisionRecallCurve {
  name: string;
  recall: readonly number[];
  precision: readonly number[];
  averagePrecision: number;
  interval?: FigureInterval | null;
}

/** One curve, or up to five to be compared. */
interface PrecisionRecallChartData extends Heading {
  curves: readonly PrecisionRecallCurve[];
  /** Share of anomalous samples: the precision of guessing, 0 to 1. */
  prevalence: number;
}

function guessingLabelPlugin(theme: ChartTheme, prevalence: number): Plugin {
  return {
    id: 'guessing',
    afterDatasetsDraw(chart) {
      const { left, right } = chart.chartArea as Area;
      const pen = penOf(chart);
      const y = chart.scales['y']!.getPixelForValue(prevalence * 100);
      const text = `Guessing, ${formatPercent(prevalence)}`;
      const style = { colour: theme.ink3, halo: true };
      // Curves end at this line on the right, from above; where there is no room below, they start far above it.
      if (prevalence > 0.1) write(pen, theme, text, right - 8, y + 11, { ...style, align: 'right' });
      else write(pen, theme, text, left + 8, y - 10, style);
    },
  };
}

/** Precision over recall, in percent, as stepped outlines whose area is the average precision. */
export function precisionRecallChart(data: PrecisionRecallChartData, theme: ChartTheme): ChartConfig {
  const curves = styledCurves(data.curves, theme);
  const key = curves.map(({ curve, style }) => ({
    text: curve.name,
    figure: formatMetric(curve.averagePrecision),
    style,
  }));
  const percent = {
    type: 'linear',
    min: 0,
    max: 100,
    ticks: [0, 25, 50, 75, 100],
    label: tickLabel,
    grid: true,
  } as const;
  const guess = data.prevalence * 100;
  return {
    type: 'line',
    data: {
      datasets: [
        {
          data: [
            { x: 0, y: guess },
            { x: 100, y: guess },
          ],
          borderColor: theme.axis,
          borderWidth: 1,
          borderDash: [3, 3],
          pointRadius: 0,
        },
        ...curves.map(({ curve, style }, i) => ({
          // Dashed lines over the solid one: where curves coincide, all can be seen.
          order: -i,
          data: curve.recall.map((recall, k) => ({ x: recall * 100, y: curve.precision[k]! * 100 })),
          borderColor: style.colour,
          borderDash: [...style.dash],
          borderWidth: 2,
          borderJoinStyle: 'miter' as const,
          pointRadius: 0,
          clip: 4,
        })),
      ],
    },
    options: {
      ...baseOptions(data, { right: key.length > 1 ? keyRoom(key) : 0 }),
      scales: { x: axis(theme, { ...percent, line: true }), y: axis(theme, { ...percent, line: false }) },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, { x: 'Recall (TPR), %', y: 'Precision, %' }),
      guessingLabelPlugin(theme, data.prevalence),
      ...(key.length > 1 ? [keyPlugin(theme, 'AP', key)] : []),
    ],
  };
}

/** The chart in a sentence or two. */
export function describePrecisionRecall({ curves, prevalence }: PrecisionRecallChartData): string {
  const best = curves.reduce((a, b) => (b.averagePrecision > a.averagePrecision ? b : a));
  const interval = best.interval ? ` (95 % interval ${formatInterval(best.interval)})` : '';
  const others = curves.length > 1 ? `Of ${curves.length} curves ${best.name} is the best` : best.name;
  return `Precision and recall. ${others}: average precision ${formatMetric(best.averagePrecision)}${interval}, where ${formatMetric(prevalence)} is guessing.`;
}

/** One row a point. */
export function precisionRecallToTable({ curves }: PrecisionRecallChartData): ChartTable {
  return {
    header: ['curve', 'recall', 'precision'],
    rows: curves.flatMap(({ name, recall, precision }) => recall.map((x, i) => [name, x, precision[i]!])),
  };
}
