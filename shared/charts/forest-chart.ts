import type { Plugin } from 'chart.js';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  namesAxis,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { drawLine, penOf, write, type Area } from './pen.ts';
import type { ChartTheme } from './theme.ts';
import { linearTicks } from './ticks.ts';

interface ForestRow {
  name: string;
  /** Of it minus the baseline, with its 95 % bounds. */
  difference: number;
  lower: number;
  upper: number;
  /** Corrected p value; null where there is no test. */
  p: number | null;
}

/** Differences to a baseline, a row each. */
interface ForestChartData extends Heading {
  rows: readonly ForestRow[];
  baseline: string;
  /** "AUROC" */
  metric: string;
  /** Says which marks are filled: "filled: Holm p below 0.05". */
  filled: string;
}

/** From here on a difference counts as one. */
const level = 0.05;
const rowHeight = 27;
const figuresRoom = 168;

/** A height that gives every row its place, px. */
export function forestHeight(rows: number): number {
  return rows * rowHeight + 64;
}

const signed = (value: number, digits: number) =>
  Number(value.toFixed(digits)) === 0
    ? (0).toFixed(digits)
    : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
const short = (value: number, digits: number) => signed(value, digits).replace('0.', '.');

/** Where all differences are small, one digit more keeps them from reading as none. */
const digitsOf = (rows: readonly ForestRow[]) =>
  Math.max(...rows.map(({ lower, upper }) => Math.max(-lower, upper))) < 0.01 ? 4 : 3;
const tick = (value: number) =>
  value === 0 ? '0' : `${value < 0 ? '−' : '+'}${Number(Math.abs(value).toPrecision(6))}`;

function rangeOf(rows: readonly ForestRow[]): [low: number, high: number] {
  const low = Math.min(0, ...rows.map(({ lower }) => lower));
  const high = Math.max(0, ...rows.map(({ upper }) => upper));
  const room = Math.max(0.01, 0.06 * (high - low));
  return [low - room, high + room];
}

/** The intervals and marks, filled where the difference is beyond chance, with the figures to the right. */
function marksPlugin(theme: ChartTheme, { rows }: ForestChartData): Plugin {
  return {
    id: 'forest',
    afterDatasetsDraw(chart) {
      const pen = penOf(chart);
      const { right, top, bottom } = chart.chartArea as Area;
      const scale = chart.scales['x']!;
      const digits = digitsOf(rows);
      const zero = scale.getPixelForValue(0);
      drawLine(pen, [[zero, top - 4], [zero, bottom]], { colour: theme.ink3 }); // prettier-ignore
      write(pen, theme, 'worse', zero - 7, top - 10, { colour: theme.ink3, align: 'right' });
      write(pen, theme, 'better', zero + 7, top - 10, { colour: theme.ink3 });
      rows.forEach(({ difference, lower, upper, p }, i) => {
        const y = chart.scales['y']!.getPixelForValue(i);
        const [from, to] = [scale.getPixelForValue(lower), scale.getPixelForValue(upper)];
        const style = { colour: theme.dataInk, width: 1.5 };
        drawLine(pen, [[from, y], [to, y]], style); // prettier-ignore
        for (const x of [from, to]) drawLine(pen, [[x, y - 4], [x, y + 4]], style); // prettier-ignore
        pen.save();
        pen.beginPath();
        pen.arc(scale.getPixelForValue(difference), y, 4.5, 0, 2 * Math.PI);
        pen.fillStyle = p !== null && p < level ? theme.ink : theme.surface;
        pen.fill();
        pen.strokeStyle = theme.ink;
        pen.lineWidth = 1.5;
        pen.stroke();
        pen.restore();
        write(pen, theme, signed(difference, digits), right + 62, y, { size: 12, strong: true, align: 'right' });
        write(pen, theme, `${short(lower, digits)} to ${short(upper, digits)}`, right + figuresRoom, y, {
          colour: theme.ink3,
          align: 'right',
        });
      });
    },
  };
}

/** A forest plot: the difference of each row to the baseline with its interval, on an axis through 0. */
export function forestChart(data: ForestChartData, theme: ChartTheme): ChartConfig {
  const [low, high] = rangeOf(data.rows);
  return {
    type: 'bar',
    data: {
      labels: data.rows.map(({ name }) => name),
      // The marks are drawn by hand; bars of no length keep the rows apart.
      datasets: [{ data: data.rows.map(({ name }) => ({ x: 0, y: name })), backgroundColor: 'transparent' }],
    },
    options: {
      ...baseOptions(data, { above: 20, right: figuresRoom }),
      indexAxis: 'y',
      scales: {
        x: axis(theme, {
          type: 'linear',
          min: low,
          max: high,
          ticks: linearTicks(low, high, 4),
          label: tick,
          grid: true,
          line: false,
        }),
        y: namesAxis(
          theme,
          data.rows.map(() => false),
        ),
      },
    },
    plugins: [
      headingPlugin(theme, data),
      marksPlugin(theme, data),
      axisTitlesPlugin(theme, { x: `${data.metric} minus that of ${data.baseline}; ${data.filled}` }),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeForest({ rows, baseline, metric, filled }: ForestChartData): string {
  const beyond = rows.filter(({ p }) => p !== null && p < level);
  const better = beyond.filter(({ difference }) => difference > 0).map(({ name }) => name);
  const worse = beyond.filter(({ difference }) => difference < 0).map(({ name }) => name);
  const said = [
    better.length > 0 ? `better: ${better.join(', ')}` : '',
    worse.length > 0 ? `worse: ${worse.join(', ')}` : '',
  ].filter((part) => part !== '');
  return `Differences in ${metric} to ${baseline}. ${said.length === 0 ? 'None differs from it significantly' : said.join('; ')} (${filled}).`;
}

/** One row a difference. */
export function forestToTable({ rows, baseline }: ForestChartData): ChartTable {
  return {
    header: ['name', 'baseline', 'difference', 'lower', 'upper', 'p_holm'],
    rows: rows.map(({ name, difference, lower, upper, p }) => [name, baseline, difference, lower, upper, p]),
  };
}
