import {
  describeOverlayHistogram,
  overlayHistogramChart,
  overlayHistogramToTable,
  seriesOf,
} from '../../shared/charts/overlay-histogram-chart.ts';
import { describeRoc, mostCurves, rocChart, rocToTable } from '../../shared/charts/roc-chart.ts';
import {
  describeScoreScatter,
  scoreScatterChart,
  scoreScatterToTable,
} from '../../shared/charts/score-scatter-chart.ts';
import type { LayerMetrics } from '../../shared/domain/evaluation.ts';
import { formatCount, formatMetric } from '../../shared/format.ts';
import { drawnPoints, rankHistograms, type SharedSamples } from '../../shared/scores/shared-samples.ts';
import { drawFigure, exportTheme, type Figure } from './figure.ts';

/** A run among those that are compared. */
export interface ComparedCurve {
  name: string;
  /** Of its score over all layers. */
  metrics: LayerMetrics;
}

/** Two runs of a set of samples, with the rank correlation of their scores; null if one does not vary. */
export interface ScatteredPair {
  set: SharedSamples;
  /** Places in the set's `scores`. */
  across: number;
  up: number;
  spearman: number | null;
}

/** More points than that make a file large and hide each other. */
const mostPoints = 1500;

/** The places of the best runs by AUROC, as many as can be told apart in one plot, in the order given. */
function best(places: readonly number[], runs: readonly ComparedCurve[]): number[] {
  const auroc = (place: number) => runs[place]!.metrics.AUC_ROC;
  const chosen = [...places].sort((a, b) => auroc(b) - auroc(a)).slice(0, mostCurves);
  return places.filter((place) => chosen.includes(place));
}

const part = (shown: number, all: number) =>
  shown < all ? [`the ${shown} of ${all} runs with the highest AUROC`] : [];

/** ROC curves of up to eight runs in one plot. `anomalous` is what anomalous samples are called. */
export function drawComparedRoc(runs: readonly ComparedCurve[], anomalous: string): Figure {
  const places = best([...runs.keys()], runs);
  const shown = places.map((place) => runs[place]!);
  const data = {
    title: 'ROC',
    subtitle: [...part(shown.length, runs.length), `${anomalous.toLowerCase()} samples against clean ones`].join('; '),
    curves: shown.map(({ name, metrics }) => ({
      name,
      fpr: metrics.roc.fpr,
      tpr: metrics.roc.tpr,
      auroc: metrics.AUC_ROC,
      interval: metrics.AUC_ROC_interval,
    })),
    nClean: Math.max(...shown.map(({ metrics }) => metrics.n_clean)),
  };
  return drawFigure({
    name: 'compared-roc',
    title: data.title,
    config: rocChart(data, exportTheme),
    description: describeRoc(data),
    table: rocToTable(data),
    width: 680,
    height: 440,
  });
}

/**
 * Where up to eight runs on the same test samples put the anomalous ones, by rank. `number` tells several sets apart.
 */
export function drawComparedRanks(
  runs: readonly ComparedCurve[],
  set: SharedSamples,
  anomalous: string,
  number: number,
): Figure {
  const inRoc = best([...runs.keys()], runs);
  const places = best(set.runs, runs);
  const { scale, edges, counts } = rankHistograms(set, 1);
  // A run has the colour that it has among the ROC curves.
  const series = seriesOf(places.map((place) => (inRoc.includes(place) ? inRoc.indexOf(place) : mostCurves)));
  const data = {
    title: `Ranks of ${anomalous.toLowerCase()} samples`,
    subtitle: [...part(places.length, set.runs.length), '100 % is the most anomalous of all test samples'].join('; '),
    scale,
    edges,
    samples: `${anomalous} samples`,
    score: 'Rank, %',
    figures: 'AUROC',
    runs: places.map((place, i) => ({
      name: runs[place]!.name,
      counts: counts[set.runs.indexOf(place)]!,
      figure: formatMetric(runs[place]!.metrics.AUC_ROC),
      series: series[i]!,
    })),
  };
  return drawFigure({
    name: `compared-ranks-${number}`,
    title: data.title,
    config: overlayHistogramChart(data, exportTheme),
    description: describeOverlayHistogram(data),
    table: overlayHistogramToTable(data),
    width: 720,
    height: 380,
  });
}

/** Sample by sample what two runs score. `number` tells several pairs apart. */
export function drawComparedScores(
  runs: readonly ComparedCurve[],
  { set, across, up, spearman }: ScatteredPair,
  anomalousWord: string,
  number: number,
): Figure {
  const points = drawnPoints(set, across, up, mostPoints);
  const data = {
    title: 'Sample by sample',
    subtitle: `${formatCount(points.x.length)} of ${formatCount(set.labels.length)} test samples drawn`,
    x: points.x,
    y: points.y,
    anomalous: points.anomalous,
    anomalousWord,
    xName: runs[set.runs[across]!]!.name,
    yName: runs[set.runs[up]!]!.name,
    spearman,
  };
  return drawFigure({
    name: `compared-scores-${number}`,
    title: data.title,
    config: scoreScatterChart(data, exportTheme),
    description: describeScoreScatter(data),
    table: scoreScatterToTable(data),
    width: 640,
    height: 480,
  });
}
