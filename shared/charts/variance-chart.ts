import type { Plugin } from 'chart.js';
import { formatPercent } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  fitted,
  headingPlugin,
  namesAxis,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { drawMark, penOf, widthOf, write, type Area } from './pen.ts';
import { withOpacity, type ChartTheme } from './theme.ts';
import { tickLabel } from './ticks.ts';

/** How the variance of a layer's activations divides; shares of the whole, 0 to 1. */
interface LayerVariance {
  name: string;
  betweenClasses: number;
  /** Between clean and anomalous samples of one class. */
  betweenKinds: number;
}

interface VarianceChartData extends Heading {
  layers: readonly LayerVariance[];
  /** What anomalous samples are called: "Triggered". */
  anomalousWord?: string;
}

const wordOf = ({ anomalousWord = 'Anomalous' }: VarianceChartData) => anomalousWord.toLowerCase();

const rowHeight = 34;
/** A line that names the parts, and below it the head of the figures. */
const labelRoom = 42;
const figuresRoom = 76;
/** A part's field with the distance to its name, and the distance from there to the next, px. */
const swatch = 16;
const swatchGap = 18;

/** A height that gives every layer a row, px. */
export function varianceHeight({ layers, title }: VarianceChartData): number {
  return layers.length * rowHeight + 108 + (title === undefined ? 0 : 32);
}

function parts(theme: ChartTheme, data: VarianceChartData) {
  return [
    {
      name: 'Between classes',
      colour: withOpacity(theme.dataInk, 0.85),
      of: (layer: LayerVariance) => layer.betweenClasses,
    },
    {
      name: `Clean to ${wordOf(data)} in a class`,
      colour: theme.anomalous,
      of: (layer: LayerVariance) => layer.betweenKinds,
    },
    {
      name: 'Within',
      colour: withOpacity(theme.dataInk, 0.18),
      of: ({ betweenClasses, betweenKinds }: LayerVariance) => 1 - betweenClasses - betweenKinds,
    },
  ];
}

/** Names the parts above the bars, and writes the share that tells clean from anomalous behind each. */
function labelsPlugin(theme: ChartTheme, data: VarianceChartData): Plugin {
  return {
    id: 'labels',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { right, top } = chart.chartArea as Area;
      const y = top - labelRoom + 9;
      let x = chart.scales['y']!.left;
      const all = parts(theme, data);
      const width = (text: string) => widthOf(pen, theme, text, { size: 12 });
      const beyond = all.reduce((sum, { name }) => sum + swatch + width(name) + swatchGap, x - swatchGap) - chart.width;
      // The longest name gives way where all have no room.
      const longest = all.reduce((a, b) => (width(b.name) > width(a.name) ? b : a));
      for (const { name, colour } of all) {
        pen.save();
        pen.fillStyle = colour;
        pen.fillRect(x, y - 5, 10, 10);
        pen.restore();
        const text = name === longest.name && beyond > 0 ? fitted(name, width(name) - beyond, width) : name;
        write(pen, theme, text, x + swatch, y, { size: 12 });
        x += swatch + width(text) + swatchGap;
      }
      write(pen, theme, `Clean to ${wordOf(data)}`, right + figuresRoom, top - 8, {
        colour: theme.ink3,
        align: 'right',
      });
      data.layers.forEach(({ betweenKinds }, i) => {
        const at = chart.scales['y']!.getPixelForValue(i);
        const style = { size: 13, strong: true, align: 'right' } as const;
        write(pen, theme, formatPercent(betweenKinds), right + figuresRoom, at, style);
        drawMark(pen, 'triangle', right + figuresRoom - 56, at, theme.anomalous);
      });
    },
  };
}

/** A bar a layer, divided into what lies between classes, between clean and anomalous inside a class, and within. */
export function varianceChart(data: VarianceChartData, theme: ChartTheme): ChartConfig {
  return {
    type: 'bar',
    data: {
      labels: data.layers.map(({ name }) => name),
      datasets: parts(theme, data).map(({ colour, of }) => ({
        data: data.layers.map((layer) => ({ x: of(layer) * 100, y: layer.name })),
        backgroundColor: colour,
        barThickness: 14,
      })),
    },
    options: {
      ...baseOptions(data, { above: labelRoom, right: figuresRoom }),
      indexAxis: 'y',
      scales: {
        x: {
          ...axis(theme, {
            type: 'linear',
            min: 0,
            max: 100,
            ticks: [0, 25, 50, 75, 100],
            label: tickLabel,
            grid: false,
            line: false,
          }),
          stacked: true,
        },
        y: {
          ...namesAxis(
            theme,
            data.layers.map(() => false),
          ),
          stacked: true,
        },
      },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, { x: 'Share of the variance, %' }),
      labelsPlugin(theme, data),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeVariance(data: VarianceChartData): string {
  const most = data.layers.reduce((a, b) => (b.betweenKinds > a.betweenKinds ? b : a));
  return (
    `How the variance of each layer's test activations divides into between predicted classes, between clean and ${wordOf(data)} samples ` +
    `of one class, and within. The part that tells clean from ${wordOf(data)} is largest in ${most.name}: ${formatPercent(most.betweenKinds)}.`
  );
}

/** One row a layer. */
export function varianceToTable(data: VarianceChartData): ChartTable {
  return {
    header: ['layer', 'between classes', `clean to ${wordOf(data)} in a class`, 'within'],
    rows: data.layers.map(({ name, betweenClasses, betweenKinds }) => [
      name,
      betweenClasses,
      betweenKinds,
      1 - betweenClasses - betweenKinds,
    ]),
  };
}
