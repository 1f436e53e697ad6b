import { formatPercent } from '../format.ts';
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
import { lineNamesPlugin } from './line-names.ts';
import { mostCurves, styledCurves } from './roc-chart.ts';
import { withOpacity, type ChartTheme } from './theme.ts';
import { linearTicks, logTicks, tickLabel } from './ticks.ts';

interface OverlaidHistogram {
  name: string;
  /** Counts by bin of the common edges. */
  counts: readonly number[];
  /** What stands behind its name, its AUROC say. */
  figure: string;
  /** Its place among the runs elsewhere, whose colour it has here too; its own place where left out. */
  series?: number;
}

/** How the scores of several runs are spread, one class of samples at a time, over common bins. */
interface OverlayHistogramData extends Heading {
  scale: 'linear' | 'log';
  /** One more than bins, ascending. */
  edges: readonly number[];
  runs: readonly OverlaidHistogram[];
  /** "Triggered images". */
  samples: string;
  /** What is on the axis: "Score". */
  score: string;
  /** What the figures behind the names are: "AUROC". */
  figures: string;
  /** Names outlines within the plot and leaves their figures out, which stand elsewhere, in place of a key beside the plot. */
  namesInside?: boolean;
}

/**
 * Places of the colours of runs, by their places elsewhere: the first ones have the same, others those that are free.
 * At most {@link mostCurves} runs.
 */
export function seriesOf(places: readonly number[]): number[] {
  const free = Array.from({ length: mostCurves }, (_, i) => i).filter((i) => !places.includes(i));
  return places.map((place) => (place < mostCurves ? place : free.shift()!));
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
const shares = ({ counts }: OverlaidHistogram) => counts.map((count) => (100 * count) / Math.max(1, total(counts)));

function outline(edges: readonly number[], heights: readonly number[]): { x: number; y: number }[] {
  const steps = heights.flatMap((y, i) => [
    { x: edges[i]!, y },
    { x: edges[i + 1]!, y },
  ]);
  return [{ x: edges[0]!, y: 0 }, ...steps, { x: edges.at(-1)!, y: 0 }];
}

/** A stepped outline for each run, in its colour and dashes, as shares of its samples. */
export function overlayHistogramChart(data: OverlayHistogramData, theme: ChartTheme): ChartConfig {
  const { edges, scale } = data;
  const log = scale === 'log';
  const [low, high] = [edges[0]!, edges.at(-1)!];
  const styled = styledCurves(data.runs, theme);
  const key = styled.map(({ curve, style }) => ({ text: curve.name, figure: curve.figure, style }));
  const hasKey = key.length > 1 && !data.namesInside;
  const lines = styled.map(({ curve, style }) => ({ text: curve.name, style, data: outline(edges, shares(curve)) }));
  const top = 1.1 * Math.max(...data.runs.flatMap(shares), 0.1);
  return {
    type: 'line',
    data: {
      datasets: lines.map(({ data: points, style }, i) => ({
        order: -i,
        data: points,
        borderColor: style.colour,
        borderDash: [...style.dash],
        borderWidth: 1.5,
        borderJoinStyle: 'miter' as const,
        backgroundColor: withOpacity(style.colour, theme.fill / 3),
        fill: 'origin',
        pointRadius: 0,
        clip: 2,
      })),
    },
    options: {
      ...baseOptions(data, { right: hasKey ? keyRoom(key) : 0 }),
      scales: {
        x: axis(theme, {
          type: log ? 'logarithmic' : 'linear',
          min: low,
          max: high,
          ticks: log ? logTicks(low, high) : linearTicks(low, high, 5),
          label: tickLabel,
          grid: false,
          line: true,
        }),
        y: axis(theme, {
          type: 'linear',
          min: 0,
          max: top,
          ticks: linearTicks(0, top, 4),
          label: tickLabel,
          grid: true,
          line: false,
        }),
      },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, {
        x: `${data.score}${log ? ', log scale' : ''}`,
        y: `${data.samples} per bin, %`,
      }),
      ...(hasKey ? [keyPlugin(theme, data.figures, key)] : []),
      ...(lines.length > 1 && data.namesInside ? [lineNamesPlugin(theme, lines)] : []),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeOverlayHistogram(data: OverlayHistogramData): string {
  const of = (run: OverlaidHistogram) => {
    const heights = shares(run);
    const peak = heights.indexOf(Math.max(...heights));
    const [from, to] = [data.edges[peak]!, data.edges[peak + 1]!].map((edge) => tickLabel(Number(edge.toPrecision(3))));
    return `${run.name} has most of them, ${formatPercent(heights[peak]! / 100)}, from ${from} to ${to}`;
  };
  return `${data.samples} by ${data.score.toLowerCase()}. ${data.runs.map(of).join('; ')}.`;
}

/** One row a bin, one column a run. */
export function overlayHistogramToTable({ edges, runs }: OverlayHistogramData): ChartTable {
  return {
    header: ['from', 'to', ...runs.map(({ name }) => name)],
    rows: edges.slice(0, -1).map((from, i) => [from, edges[i + 1]!, ...runs.map(({ counts }) => counts[i]!)]),
  };
}
