import { describeHistogram, histogramChart, histogramToTable } from '../../shared/charts/histogram-chart.ts';
import {
  describeLayerAuroc,
  layerAurocChart,
  layerAurocHeight,
  layerAurocToTable,
} from '../../shared/charts/layer-auroc-chart.ts';
import { shortLayerNames } from '../../shared/charts/layer-names.ts';
import {
  describePrecisionRecall,
  precisionRecallChart,
  precisionRecallToTable,
} from '../../shared/charts/precision-recall-chart.ts';
import { describeRoc, mostCurves, rocChart, rocToTable } from '../../shared/charts/roc-chart.ts';
import { allLayers, type Evaluation, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { formatCount, formatInterval, formatMetric } from '../../shared/format.ts';
import { given } from '../../shared/given.ts';
import { tprAtOnePercent, tprAtOnePercentInterval, tprAtOnePercentText } from '../../shared/scores/one-percent.ts';
import { drawFigure, exportTheme, type Figure } from './figure.ts';

/** How things are called in the figures of one evaluation. */
export interface FigureWords {
  /** How layers were aggregated: "mean". */
  aggregation?: string;
  /** What is scored, in the plural: "Images". */
  samples?: string;
  /** What anomalous samples are called: "Triggered". */
  anomalous?: string;
  /** What the scores are: "Mahalanobis score per dimension". */
  score?: string;
}

interface NamedMetrics {
  /** As in eval.json. */
  layer: string;
  /** As written in figures. */
  name: string;
  metrics: LayerMetrics;
}

/** The layers in the model's order and the aggregate first, with names short enough for an axis. */
function namedLayers(evaluation: Evaluation, aggregation: string | undefined): NamedMetrics[] {
  const layers = Object.keys(evaluation.layers).filter((layer) => layer !== allLayers);
  const names = shortLayerNames(layers);
  const single = layers.map((layer, i) => ({ layer, name: names[i]!, metrics: evaluation.layers[layer]! }));
  const all = evaluation.layers[allLayers];
  if (all === undefined) return single;
  const name = aggregation === undefined ? 'All layers' : `All, ${aggregation}`;
  return [{ layer: allLayers, name, metrics: all }, ...single];
}

/**
 * As many as can be told apart in one plot: the aggregate and the best layers by AUROC, in the order given, so that a
 * layer has the same colour in every figure of a run.
 */
function comparable(layers: readonly NamedMetrics[]): { shown: NamedMetrics[]; note: string } {
  const byAuroc = (a: NamedMetrics, b: NamedMetrics) => b.metrics.AUC_ROC - a.metrics.AUC_ROC;
  const all = layers.filter(({ layer }) => layer === allLayers);
  const single = layers.filter(({ layer }) => layer !== allLayers);
  const room = mostCurves - all.length;
  const best = [...single].sort(byAuroc).slice(0, room);
  const shown = [...all, ...single.filter((layer) => best.includes(layer))];
  return { shown, note: single.length > room ? `best ${room} of ${single.length} layers` : '' };
}

/** One layer and its aggregate are the same curve. */
function distinct(layers: readonly NamedMetrics[]): NamedMetrics[] {
  return layers.length === 2 ? layers.filter(({ layer }) => layer !== allLayers) : [...layers];
}

function histogramNote(metrics: LayerMetrics): string {
  const auroc = `AUROC ${formatMetric(metrics.AUC_ROC)} (${formatInterval(metrics.AUC_ROC_interval)})`;
  return `${auroc}; TPR at 1 % FPR ${tprAtOnePercentText(metrics)} (${tprAtOnePercentInterval(metrics)})`;
}

function drawHistogram({ layer, name, metrics }: NamedMetrics, words: FigureWords): Figure {
  const title =
    layer === allLayers
      ? `Scores over all layers${words.aggregation ? `, ${words.aggregation}` : ''}`
      : `Scores at ${name}`;
  const data = {
    ...words,
    title,
    subtitle: histogramNote(metrics),
    histogram: metrics.histogram,
    threshold: metrics.threshold_at_FPR_1,
    thresholdLabel: '1 % FPR',
  };
  return drawFigure({
    name: `histogram-${layer}`,
    title,
    config: histogramChart(data, exportTheme),
    description: describeHistogram(data),
    table: histogramToTable(data),
    width: 720,
    height: 380,
  });
}

function sampleNote(
  { n_clean, n_anomalous }: LayerMetrics,
  { samples = 'samples', anomalous = 'anomalous' }: FigureWords,
): string {
  return `${formatCount(n_clean)} clean, ${formatCount(n_anomalous)} ${anomalous.toLowerCase()} ${samples.toLowerCase()}`;
}

/** A square plot; beside several curves stands their key. */
function curvesSize(curves: number): { width: number; height: number } {
  return { width: curves > 1 ? 680 : 500, height: 440 };
}

function drawRoc(layers: readonly NamedMetrics[], words: FigureWords): Figure {
  const { shown, note } = comparable(distinct(layers));
  const first = shown[0]!.metrics;
  const tpr = tprAtOnePercent(first);
  const data = {
    title: 'ROC',
    subtitle: [note, sampleNote(first, words)].filter(Boolean).join('; '),
    curves: shown.map(({ name, metrics }) => ({
      name,
      fpr: metrics.roc.fpr,
      tpr: metrics.roc.tpr,
      auroc: metrics.AUC_ROC,
      interval: metrics.AUC_ROC_interval,
    })),
    nClean: first.n_clean,
    ...given({ point: tpr === null ? undefined : { fpr: 0.01, tpr } }),
  };
  return drawFigure({
    name: 'roc',
    title: 'ROC',
    config: rocChart(data, exportTheme),
    description: describeRoc(data),
    table: rocToTable(data),
    ...curvesSize(data.curves.length),
  });
}

function drawPrecisionRecall(layers: readonly NamedMetrics[], words: FigureWords): Figure {
  const { shown, note } = comparable(distinct(layers));
  const first = shown[0]!.metrics;
  const data = {
    title: 'Precision and recall',
    subtitle: [note, sampleNote(first, words)].filter(Boolean).join('; '),
    curves: shown.map(({ name, metrics }) => ({
      name,
      recall: metrics.pr.recall,
      precision: metrics.pr.precision,
      averagePrecision: metrics.AP,
      interval: metrics.AP_interval,
    })),
    prevalence: first.n_anomalous / (first.n_anomalous + first.n_clean),
  };
  return drawFigure({
    name: 'precision-recall',
    title: data.title,
    config: precisionRecallChart(data, exportTheme),
    description: describePrecisionRecall(data),
    table: precisionRecallToTable(data),
    ...curvesSize(data.curves.length),
  });
}

function drawLayers(layers: readonly NamedMetrics[], words: FigureWords): Figure {
  const data = {
    title: 'AUROC per layer',
    subtitle: sampleNote(layers[0]!.metrics, words),
    layers: layers.map(({ layer, name, metrics }) => ({
      name,
      auroc: metrics.AUC_ROC,
      interval: metrics.AUC_ROC_interval,
      strong: layer === allLayers,
    })),
  };
  return drawFigure({
    name: 'layers',
    title: data.title,
    config: layerAurocChart(data, exportTheme),
    description: describeLayerAuroc(data),
    table: layerAurocToTable(data),
    width: 640,
    height: layerAurocHeight(data),
  });
}

/** The figures of an evaluation: AUROC per layer, ROC, precision and recall, and a histogram for each layer and the aggregate. */
export function drawEvaluationFigures(evaluation: Evaluation, words: FigureWords = {}): Figure[] {
  const layers = namedLayers(evaluation, words.aggregation);
  if (layers.length === 0) return [];
  return [
    drawLayers(distinct(layers), words),
    drawRoc(layers, words),
    drawPrecisionRecall(layers, words),
    ...layers.map((layer) => drawHistogram(layer, words)),
  ];
}
