import { formatCorrelation } from './correlation-chart.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { kindsPlugin, kindsRoom, paddedRange, pointsPlugin, type PointCloud } from './point-cloud.ts';
import type { ChartTheme } from './theme.ts';
import { linearTicks, logTicks, tickLabel } from './ticks.ts';

/** One point a test sample: what two detectors score it. */
interface ScoreScatterData extends Heading, PointCloud {
  /** Names of the two. */
  xName: string;
  yName: string;
  /** Rank correlation over all samples, -1 to 1. */
  spearman: number | null;
}

/** A range that spans over a decade of positive scores is seen best on a logarithmic axis. */
function scoreAxis(values: ArrayLike<number>) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  if (low > 0 && high > 10 * low)
    return { type: 'logarithmic' as const, min: low / 1.1, max: high * 1.1, ticks: logTicks(low / 1.1, high * 1.1) };
  const [min, max] = paddedRange(values);
  return { type: 'linear' as const, min, max, ticks: linearTicks(min, max, 6) };
}

/** Clean samples as circles, anomalous ones as triangles, by the scores of two detectors. */
export function scoreScatterChart(data: ScoreScatterData, theme: ChartTheme): ChartConfig {
  const [across, up] = [scoreAxis(data.x), scoreAxis(data.y)];
  const look = { label: tickLabel, grid: true, line: false };
  const title = (name: string, { type }: typeof across) => `${name}${type === 'logarithmic' ? ', log scale' : ''}`;
  return {
    type: 'line',
    data: { datasets: [] },
    options: {
      ...baseOptions(data, { above: kindsRoom }),
      scales: { x: axis(theme, { ...across, ...look }), y: axis(theme, { ...up, ...look }) },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, { x: title(data.xName, across), y: title(data.yName, up) }),
      kindsPlugin(theme, data),
      pointsPlugin(theme, data),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeScoreScatter({ xName, yName, spearman, x }: ScoreScatterData): string {
  const correlation =
    spearman === null
      ? 'Their rank correlation is not known.'
      : `Their rank correlation is ${formatCorrelation(spearman)}, where 1 is the same order.`;
  return `Scores of ${xName} against ${yName}, ${x.length} test samples drawn. ${correlation}`;
}

/** One row a point. */
export function scoreScatterToTable({
  x,
  y,
  anomalous,
  anomalousWord = 'Anomalous',
  xName,
  yName,
}: ScoreScatterData): ChartTable {
  return {
    header: [xName, yName, anomalousWord.toLowerCase()],
    rows: Array.from(x, (value, i) => [value, y[i]!, anomalous[i]!]),
  };
}
