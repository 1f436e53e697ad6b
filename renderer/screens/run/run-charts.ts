import {
  correlationChart,
  correlationSize,
  correlationToTable,
  describeCorrelation,
} from '../../../shared/charts/correlation-chart.ts';
import { describeHistogram, histogramChart, histogramToTable } from '../../../shared/charts/histogram-chart.ts';
import {
  describeLayerAuroc,
  layerAurocChart,
  layerAurocHeight,
  layerAurocToTable,
} from '../../../shared/charts/layer-auroc-chart.ts';
import {
  describePrecisionRecall,
  precisionRecallChart,
  precisionRecallToTable,
} from '../../../shared/charts/precision-recall-chart.ts';
import { describeRoc, rocChart, rocToTable } from '../../../shared/charts/roc-chart.ts';
import { describeScatter, scatterChart, scatterToTable } from '../../../shared/charts/scatter-chart.ts';
import {
  describeTrainingCurve,
  trainingCurveChart,
  trainingCurveToTable,
} from '../../../shared/charts/training-curve-chart.ts';
import { trainingSeries } from '../../../shared/charts/training-series.ts';
import {
  describeVariance,
  varianceChart,
  varianceHeight,
  varianceToTable,
} from '../../../shared/charts/variance-chart.ts';
import { allLayers } from '../../../shared/domain/evaluation.ts';
import type { Analysis } from '../../../shared/domain/analysis.ts';
import type { Histogram } from '../../../shared/domain/evaluation.ts';
import type { Epoch, Step } from '../../../shared/domain/live.ts';
import type { PointShades } from '../../../shared/charts/point-cloud.ts';
import { given } from '../../../shared/given.ts';
import type { RunResult } from '../../../shared/domain/result.ts';
import { formatCount, formatInterval, formatMetric } from '../../../shared/format.ts';
import type { ShownChart } from '../../charts/shown-chart.ts';
import type { NamedLayer } from './run-page.svelte.ts';
import type { Plane } from './planes.svelte.ts';

/** Title of charts of the scores at a layer. */
function scoresTitle({ id, name }: NamedLayer, result: RunResult): string {
  return id === allLayers ? `Scores over all layers, ${result.aggregation}` : `Scores at ${name}`;
}

const aurocWords = ({ metrics }: NamedLayer) =>
  `AUROC ${formatMetric(metrics.AUC_ROC)} (${formatInterval(metrics.AUC_ROC_interval)})`;

/** How the scores at a layer are spread; the threshold is asked for at every drawing. */
export function histogramShown(
  layer: NamedLayer,
  histogram: Histogram,
  result: RunResult,
  threshold: () => number,
  height: number,
): ShownChart {
  const data = { ...result.words, histogram };
  return {
    name: `histogram-${layer.id}`,
    title: scoresTitle(layer, result),
    term: 'scores',
    subtitle: aurocWords(layer),
    height,
    paper: { width: 720, height: 380 },
    config: (theme, heading) =>
      histogramChart(
        { ...data, ...heading, threshold, thresholdLabel: heading.title === undefined ? '' : 'Threshold' },
        theme,
      ),
    describe: () => describeHistogram({ ...data, title: scoresTitle(layer, result) }),
    table: () => histogramToTable(data),
  };
}

/** The ROC curve of a layer with the point that the threshold reaches, asked for at every drawing. */
export function rocShown(
  layer: NamedLayer,
  scale: 'log' | 'linear',
  point: () => { fpr: number; tpr: number } | undefined,
  height: number,
): ShownChart {
  const { metrics, name } = layer;
  const curve = { name, ...metrics.roc, auroc: metrics.AUC_ROC, interval: metrics.AUC_ROC_interval };
  const data = { curves: [curve], nClean: metrics.n_clean, scale };
  return {
    name: `roc-${layer.id}`,
    title: 'ROC',
    term: 'roc',
    subtitle: `${name}; ${aurocWords(layer)}`,
    height,
    paper: { width: 500, height: 440 },
    config: (theme, heading) => rocChart({ ...data, ...heading, point }, theme),
    describe: () => describeRoc(data),
    table: () => rocToTable(data),
  };
}

export function precisionRecallShown({ id, name, metrics }: NamedLayer, height: number): ShownChart {
  const curve = { name, ...metrics.pr, averagePrecision: metrics.AP, interval: metrics.AP_interval };
  const prevalence = metrics.n_anomalous / (metrics.n_anomalous + metrics.n_clean);
  const data = { curves: [curve], prevalence };
  return {
    name: `precision-recall-${id}`,
    title: 'Precision and recall',
    term: 'pr',
    subtitle: `${name}; average precision ${formatMetric(metrics.AP)} (${formatInterval(metrics.AP_interval)})`,
    height,
    paper: { width: 500, height: 440 },
    config: (theme, heading) => precisionRecallChart({ ...data, ...heading }, theme),
    describe: () => describePrecisionRecall(data),
    table: () => precisionRecallToTable(data),
  };
}

/** AUROC of all layers; `compact` leaves out the intervals in words. */
export function layersShown(
  layers: readonly NamedLayer[],
  selected: string | undefined,
  { compact, height }: { compact: boolean; height?: number },
): ShownChart {
  const data = {
    layers: layers.map(({ id, name, metrics }) => ({
      name,
      auroc: metrics.AUC_ROC,
      interval: metrics.AUC_ROC_interval,
      strong: id === allLayers,
    })),
  };
  const place = layers.findIndex(({ id }) => id === selected);
  return {
    name: 'layers',
    title: 'AUROC per layer',
    term: 'layerAuroc',
    height: height ?? layerAurocHeight(data) - 32,
    paper: { width: 640, height: layerAurocHeight({ ...data, title: '' }) },
    config: (theme, heading) =>
      layerAurocChart(
        heading.title === undefined ? { ...data, ...heading, selected: place, compact } : { ...data, ...heading },
        theme,
      ),
    describe: () => describeLayerAuroc(data),
    table: () => layerAurocToTable(data),
  };
}

/** Rank correlation of the layers' scores; undefined if there is nothing to compare. */
export function correlationShown(
  { score_correlation: { layers, spearman } }: Analysis,
  nameOf: (layer: string) => string,
  samples: number,
): ShownChart | undefined {
  // One layer and its aggregate are the same scores.
  if (layers.length < 3) return undefined;
  const data = { names: layers.map(nameOf), matrix: spearman };
  const title = 'Rank correlation of scores';
  return {
    name: 'score-correlation',
    title,
    term: 'spearman',
    subtitle: `Spearman, ${formatCount(samples)} test samples`,
    height: correlationSize({ ...data, margin: 0 }).height,
    paper: correlationSize({ ...data, title }),
    config: (theme, heading) => correlationChart({ ...data, ...heading }, theme),
    describe: () => describeCorrelation({ ...data, title }),
    table: () => correlationToTable(data),
  };
}

/** How the variance of the activations divides; undefined if it is not known of any layer. */
export function varianceShown(
  { layers }: Analysis,
  nameOf: (layer: string) => string,
  anomalousWord: string,
): ShownChart | undefined {
  const rows = Object.entries(layers).flatMap(([layer, { variance }]) => {
    const betweenClasses = variance?.between_predicted_classes;
    const betweenKinds = variance?.between_clean_and_anomalous_of_a_class;
    if (typeof betweenClasses !== 'number' || typeof betweenKinds !== 'number') return [];
    return [{ name: nameOf(layer), betweenClasses, betweenKinds }];
  });
  if (rows.length === 0) return undefined;
  const data = { layers: rows, anomalousWord };
  const title = 'Variance of the activations';
  return {
    name: 'variance',
    title,
    term: 'variance',
    subtitle: 'test samples, by predicted class',
    height: varianceHeight(data) - 32,
    paper: { width: 640, height: varianceHeight({ ...data, title }) },
    config: (theme, heading) => varianceChart({ ...data, ...heading }, theme),
    describe: () => describeVariance(data),
    table: () => varianceToTable(data),
  };
}

/** Activations of a layer in the plane of their main components. */
export function scatterShown(
  { id, name }: { id: string; name: string },
  plane: Plane,
  result: RunResult,
  {
    height,
    compact,
    legend,
    shades,
  }: { height: number; compact: boolean; legend: boolean; shades?: PointShades | undefined },
): ShownChart {
  const components = result.analysis?.layers[id]?.components;
  const data = {
    x: plane.x,
    y: plane.y,
    anomalous: plane.anomalous,
    explained: components?.explained ?? [],
    anomalousWord: result.words.anomalous,
    ...given({ shades }),
  };
  const title = `Activations at ${name}`;
  return {
    name: `activations-${id}`,
    title,
    term: 'plane',
    subtitle: `components of ${formatCount(components?.samples ?? 0)} clean samples; ${formatCount(plane.x.length)} test samples drawn`,
    height,
    paper: { width: 640, height: 480 },
    config: (theme, heading) =>
      scatterChart(
        heading.title === undefined ? { ...data, ...heading, compact, legend } : { ...data, ...heading },
        theme,
      ),
    describe: () => describeScatter({ ...data, title }),
    table: () => scatterToTable(data),
  };
}

/** Loss and shares by epoch and the loss of single steps, as figures of a run have them. */
export function trainingShown(epochs: readonly Epoch[], steps: readonly Step[], height: number): ShownChart {
  const data = { ...trainingSeries(epochs), steps };
  return {
    name: 'training',
    title: 'Training',
    term: 'training',
    height,
    paper: { width: 680, height: 420 },
    config: (theme, heading) => trainingCurveChart({ ...data, ...heading }, theme),
    describe: () => describeTrainingCurve(data),
    table: () => trainingCurveToTable(data),
  };
}
