import type { Heading } from '../../../shared/charts/chart.ts';
import {
  describeOverlayHistogram,
  overlayHistogramChart,
  overlayHistogramToTable,
} from '../../../shared/charts/overlay-histogram-chart.ts';
import { describeRoc, rocChart, rocToTable } from '../../../shared/charts/roc-chart.ts';
import {
  describeScoreScatter,
  scoreScatterChart,
  scoreScatterToTable,
} from '../../../shared/charts/score-scatter-chart.ts';
import { formatCount, formatMetric } from '../../../shared/format.ts';
import type { ShownChart } from '../../charts/shown-chart.ts';
import type { CommonHistograms, DrawnPoints } from '../../../shared/scores/shared-samples.ts';
import type { ComparedRun } from './comparison.svelte.ts';

/** On the page each run's AUROC is in the table above; on paper it is in the chart's key. */
const isOnPaper = ({ title }: Heading) => title !== undefined;

/** The ROC curves of up to five runs in one plot. */
export function overlaidRoc(runs: readonly ComparedRun[], scale: 'log' | 'linear', height: number): ShownChart {
  const data = {
    curves: runs.map(({ name, metrics }) => ({
      name,
      fpr: metrics.roc.fpr,
      tpr: metrics.roc.tpr,
      auroc: metrics.AUC_ROC,
      interval: metrics.AUC_ROC_interval,
    })),
    nClean: Math.max(...runs.map(({ metrics }) => metrics.n_clean)),
    scale,
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

/** Where up to five runs, in these colours, put the samples of one class. */
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
      figure: formatMetric(metrics.AUC_ROC),
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
