import type { Heading } from '../../../shared/charts/chart.ts';
import {
  describeOverlayHistogram,
  overlayHistogramChart,
  overlayHistogramToTable,
} from '../../../shared/charts/overlay-histogram-chart.ts';
import { describeForest, forestChart, forestHeight, forestToTable } from '../../../shared/charts/forest-chart.ts';
import { describeRoc, rocChart, rocToTable } from '../../../shared/charts/roc-chart.ts';
import {
  describeScoreScatter,
  scoreScatterChart,
  scoreScatterToTable,
} from '../../../shared/charts/score-scatter-chart.ts';
import { formatCount, formatMetric } from '../../../shared/format.ts';
import type { ShownChart } from '../../charts/shown-chart.ts';
import type { CommonHistograms, DrawnPoints } from '../../../shared/scores/shared-samples.ts';
import type { ComparedRun, ShownRow } from './comparison.svelte.ts';

/** On the page each AUROC is in the table above; on paper it is in the chart's key. */
const isOnPaper = ({ title }: Heading) => title !== undefined;

/** The part of the false alarm rates that is worked in. */
const worked = 0.1;

/** The ROC curves of up to eight rows in one plot, each in its own colour; whole, or up to 10 % false alarms. */
export function overlaidRoc(
  rows: readonly ShownRow[],
  colours: ReadonlyMap<string, number>,
  isWhole: boolean,
  height: number,
): ShownChart {
  const data = {
    curves: rows.flatMap(({ key, name, row: { figures } }) =>
      figures
        ? [{ name, ...figures.roc, auroc: figures.auroc.value, interval: figures.auroc, series: colours.get(key) ?? 0 }]
        : [],
    ),
    nClean: Math.max(...rows.map(({ row }) => row.figures?.clean ?? 1)),
    ...(isWhole ? { scale: 'linear' as const } : { scale: 'log' as const, upTo: worked }),
  };
  return {
    name: 'compare-roc',
    title: 'ROC',
    term: 'roc',
    height,
    paper: { width: 680, height: 440 },
    config: (theme, heading) => rocChart({ ...data, ...heading, namesInside: !isOnPaper(heading) }, theme),
    describe: () => describeRoc(data),
    table: () => rocToTable(data),
  };
}

/** Differences of rows to one of them. */
export function differencesTo(baseline: string, rows: Parameters<typeof describeForest>[0]['rows']): ShownChart {
  const data = { rows, baseline, metric: 'AUROC', filled: 'filled: Holm p below 0.05' };
  return {
    name: 'compare-differences',
    title: 'Against',
    term: 'forest',
    subtitle: '95\u00a0% intervals',
    height: forestHeight(rows.length),
    paper: { width: 680, height: forestHeight(rows.length) + 48 },
    config: (theme, heading) => forestChart({ ...data, ...heading }, theme),
    describe: () => describeForest(data),
    table: () => forestToTable(data),
  };
}

/** Where up to eight runs, in these colours, put the samples of one class. */
export function overlaidHistogram(
  runs: readonly ComparedRun[],
  histograms: CommonHistograms,
  series: readonly number[],
  words: { samples: string; score: string },
  height: number,
): ShownChart {
  const data = {
    ...words,
    scale: histograms.scale,
    edges: histograms.edges,
    figures: 'AUROC',
    runs: runs.map(({ name, metrics }, i) => ({
      name,
      counts: histograms.counts[i]!,
      series: series[i]!,
      figure: metrics ? formatMetric(metrics.AUC_ROC) : '–',
    })),
  };
  return {
    name: 'compare-histogram',
    title: 'Scores',
    term: 'scores',
    subtitle: words.samples,
    height,
    paper: { width: 720, height: 380 },
    config: (theme, heading) => overlayHistogramChart({ ...data, ...heading, namesInside: !isOnPaper(heading) }, theme),
    describe: () => describeOverlayHistogram(data),
    table: () => overlayHistogramToTable(data),
  };
}

/** Sample by sample what two runs score. */
export function scoreScatter(
  [a, b]: readonly [ComparedRun, ComparedRun],
  points: DrawnPoints,
  { spearman, total, anomalousWord }: { spearman: number | null; total: number; anomalousWord: string },
  height: number,
): ShownChart {
  const data = {
    x: points.x,
    y: points.y,
    anomalous: points.anomalous,
    anomalousWord,
    xName: a.name,
    yName: b.name,
    spearman,
  };
  return {
    name: 'compare-scatter',
    title: 'Sample by sample',
    term: 'scoreScatter',
    subtitle: `${formatCount(points.x.length)} of ${formatCount(total)} test samples drawn`,
    height,
    paper: { width: 640, height: 480 },
    config: (theme, heading) => scoreScatterChart({ ...data, ...heading }, theme),
    describe: () => describeScoreScatter(data),
    table: () => scoreScatterToTable(data),
  };
}
