import { counted, formatMetric, formatPercent } from '../format.ts';
import {
  axis,
  axisTitlesPlugin,
  baseOptions,
  headingPlugin,
  type ChartConfig,
  type ChartTable,
  type Heading,
} from './chart.ts';
import { endLabelsPlugin, type EndLabel } from './labels.ts';
import { penOf, write, type Area, type Shape } from './pen.ts';
import type { ChartTheme } from './theme.ts';
import { linearTicks, roundStep, scoreLabel, tickLabel } from './ticks.ts';

interface TrainingSeries {
  name: string;
  /** One value an epoch; null where it was not measured. Losses, or shares of 0 to 1. */
  values: readonly (number | null)[];
  /** Decides colour and mark; what is measured on neither class is plain ink. */
  kind?: 'clean' | 'anomalous';
}

/** How a training went, epoch by epoch: losses and shares (accuracy, attack success) in two panels over one axis. */
export interface TrainingCurveData extends Heading {
  epochs: readonly number[];
  losses: readonly TrainingSeries[];
  shares: readonly TrainingSeries[];
  /** The loss between the ends of epochs, by where it is in the training. */
  steps?: readonly { epoch: number; loss: number }[];
}

const labelRoom = 190;
/** About the pixels that a chart of the usual width has for its epochs. */
const mostColumns = 400;

function colourOf(theme: ChartTheme, { kind }: TrainingSeries): string {
  return kind === undefined ? theme.dataInk : theme[kind];
}

function shapeOf({ kind }: TrainingSeries): Shape | undefined {
  return kind === undefined ? undefined : kind === 'clean' ? 'circle' : 'triangle';
}

/** A value that can be drawn: a loss that is NaN or infinite was not measured any more than one that is left out. */
function isMeasured(value: number | null | undefined): value is number {
  return Number.isFinite(value);
}

/** With three decimals, as long as that has room. */
const lossLabel = (loss: number) => (loss < 1000 ? formatMetric(loss) : scoreLabel(loss));

function lastOf({ values }: TrainingSeries): number | undefined {
  return values.findLast(isMeasured);
}

/** Round epochs from the start of the training, 0. */
function epochTicks(last: number): number[] {
  return linearTicks(0, last, last / Math.max(1, roundStep(last, 8)));
}

interface Point {
  x: number;
  y: number;
}

/** The lowest and the highest point of each of `mostColumns` columns, in their order: no peak is lost, and no band is drawn over itself. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= 2 * mostColumns) return points;
  const kept: Point[] = [];
  for (let column = 0; column < mostColumns; column++) {
    const [from, to] = [column, column + 1].map((k) => Math.floor((k * points.length) / mostColumns));
    const part = points.slice(from, to);
    const low = part.reduce((a, b) => (b.y < a.y ? b : a));
    const high = part.reduce((a, b) => (b.y > a.y ? b : a));
    kept.push(...(low === high ? [low] : low.x < high.x ? [low, high] : [high, low]));
  }
  return kept;
}

/** Losses below, shares above; lines are named at their ends. */
export function trainingCurveChart(data: TrainingCurveData, theme: ChartTheme): ChartConfig {
  const known = (series: readonly TrainingSeries[]) => series.flatMap(({ values }) => values.filter(isMeasured));
  // Before the first epoch has ended there is no panel for what is measured then.
  const hasShares = known(data.shares).length > 0 || data.epochs.length > 0;
  const course = (data.steps ?? []).map(({ epoch, loss }): Point => ({ x: epoch, y: loss }));
  const highest = course.reduce((most, { y }) => Math.max(most, y), Math.max(0, ...known(data.losses))) || 1;
  // The room above the highest loss keeps the panels apart and takes the lower one's title.
  const lossTop = highest * 1.4;
  const lossTicks = linearTicks(0, highest * 1.05, 3);
  // Shares of a good classifier lie close to 1: the axis starts at the round 10 % below the lowest, and says so.
  const lowest = known(data.shares).reduce((least, share) => Math.min(least, share), 1) * 100;
  const shareLow = Math.max(0, Math.floor((lowest - 2) / 10) * 10);
  const last = Math.max(data.epochs.at(-1) ?? 1, Math.ceil(course.at(-1)?.x ?? 0));
  const few = data.epochs.length <= 30;
  const lines = (series: readonly TrainingSeries[], scale: string, factor: number) =>
    series.map((one) => ({
      yAxisID: scale,
      data: thinned(
        data.epochs.flatMap((x, i) => {
          const value = one.values[i];
          return isMeasured(value) ? { x, y: value * factor } : [];
        }),
      ) as Point[],
      borderColor: colourOf(theme, one),
      backgroundColor: colourOf(theme, one),
      borderWidth: data.epochs.length > mostColumns / 2 ? 1.25 : 2,
      // The tip of a mitred peak would stand for a value that was never measured.
      borderJoinStyle: 'round' as const,
      pointStyle: one.kind === 'anomalous' ? ('triangle' as const) : ('circle' as const),
      pointRadius: few ? (one.kind === 'anomalous' ? 4 : 3) : 0,
      pointBorderWidth: 0,
      // Marks of points at the edge are drawn whole; a line alone ends at the panel.
      clip: few ? 8 : 1,
    }));
  const ends = (
    series: readonly TrainingSeries[],
    scale: string,
    factor: number,
    text: (value: number) => string,
  ): EndLabel[] =>
    series.flatMap((one) => {
      const value = lastOf(one);
      const shape = shapeOf(one);
      if (value === undefined) return [];
      return {
        scale,
        value: value * factor,
        text: one.name,
        figure: text(value),
        colour: colourOf(theme, one),
        ...(shape ? { shape } : {}),
      };
    });
  return {
    type: 'line',
    data: {
      datasets: [
        ...(hasShares ? lines(data.shares, 'share', 100) : []),
        ...lines(data.losses, 'loss', 1),
        // Below the line of the epochs, and paler.
        {
          yAxisID: 'loss',
          data: [...thinned(course)],
          borderColor: theme.axis,
          borderWidth: 1,
          borderJoinStyle: 'round' as const,
          pointRadius: 0,
          clip: 1,
          order: 1,
        },
      ],
    },
    options: {
      ...baseOptions(data, { above: 18, right: labelRoom }),
      scales: {
        x: axis(theme, {
          type: 'linear',
          min: 0,
          max: last,
          ticks: epochTicks(last),
          label: tickLabel,
          grid: false,
          line: true,
        }),
        loss: {
          ...axis(theme, {
            type: 'linear',
            min: 0,
            max: lossTop,
            ticks: lossTicks,
            label: tickLabel,
            grid: true,
            line: false,
          }),
          stack: 'panels',
          stackWeight: 2,
          offset: false,
          position: 'left',
        } as never,
        ...(hasShares && {
          share: {
            ...axis(theme, {
              type: 'linear',
              min: shareLow,
              max: 100,
              ticks: linearTicks(shareLow, 100, 4),
              label: tickLabel,
              grid: true,
              line: false,
            }),
            stack: 'panels',
            stackWeight: 3,
            position: 'left',
          } as never,
        }),
      },
    },
    plugins: [
      headingPlugin(theme, data),
      axisTitlesPlugin(theme, { x: 'Epoch' }),
      {
        id: 'panelTitles',
        afterDatasetsDraw(chart) {
          const { left } = chart.chartArea as Area;
          const from = shareLow === 0 ? '' : `, axis from ${shareLow}`;
          const style = { colour: theme.ink3 };
          if (hasShares) write(penOf(chart), theme, `Accuracy, %${from}`, left, chart.scales['share']!.top - 10, style);
          write(penOf(chart), theme, 'Loss', left, chart.scales['loss']!.top + 14, style);
        },
      },
      endLabelsPlugin(theme, [
        ...ends(data.shares, 'share', 100, formatPercent),
        ...ends(data.losses, 'loss', 1, lossLabel),
      ]),
    ],
  };
}

/** The chart in a sentence or two. */
export function describeTrainingCurve({ epochs, losses, shares, steps = [] }: TrainingCurveData): string {
  const now = steps.at(-1);
  if (epochs.length === 0 && now) return `Training, before the end of the first epoch. Loss ${formatMetric(now.loss)}.`;
  const end = (series: TrainingSeries, text: (value: number) => string) => {
    const value = lastOf(series);
    return value === undefined ? [] : [`${series.name} ${text(value)}`];
  };
  const all = [...shares.flatMap((one) => end(one, formatPercent)), ...losses.flatMap((one) => end(one, formatMetric))];
  return `Training over ${counted(epochs.length, 'epoch')}. At the end: ${all.join(', ')}.`;
}

/** One row an epoch. */
export function trainingCurveToTable({ epochs, losses, shares }: TrainingCurveData): ChartTable {
  const series = [...losses, ...shares];
  return {
    header: ['epoch', ...series.map(({ name }) => name)],
    rows: epochs.map((epoch, i) => [epoch, ...series.map(({ values }) => values[i] ?? null)]),
  };
}
