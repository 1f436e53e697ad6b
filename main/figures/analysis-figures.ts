import {
  correlationChart,
  correlationSize,
  correlationToTable,
  describeCorrelation,
} from '../../shared/charts/correlation-chart.ts';
import { shortLayerNames } from '../../shared/charts/layer-names.ts';
import { describeScatter, scatterChart, scatterToTable } from '../../shared/charts/scatter-chart.ts';
import {
  describeVariance,
  varianceChart,
  varianceHeight,
  varianceToTable,
} from '../../shared/charts/variance-chart.ts';
import type { Analysis, LayerAnalysis } from '../../shared/domain/analysis.ts';
import { allLayers } from '../../shared/domain/evaluation.ts';
import { formatCount } from '../../shared/format.ts';
import type { FigureWords } from './evaluation-figures.ts';
import { drawFigure, exportTheme, type Figure } from './figure.ts';
import { given } from '../../shared/given.ts';

/** Test samples: of all of them how many there are, and those to draw. `coordinates` by layer are `[n, 2]`, in an order that mixes the classes. */
export interface AnalysisPoints {
  coordinates: ReadonlyMap<string, Float32Array>;
  /** 1 = anomalous, `[n]`. */
  anomalous: Uint8Array;
  /** Test samples in all. */
  total: number;
}

/** The figures of an analysis: a scatter of each layer's activations, shares of variance, correlation of the scores. */
export function drawAnalysisFigures(analysis: Analysis, points: AnalysisPoints, words: FigureWords = {}): Figure[] {
  const layers = Object.keys(analysis.layers);
  const short = shortLayerNames(layers);
  const nameOf = (layer: string) => short[layers.indexOf(layer)] ?? layer;
  const scatters = layers.flatMap((layer) => {
    const coordinates = points.coordinates.get(layer);
    const components = analysis.layers[layer]!.components;
    if (coordinates === undefined || components === null) return [];
    return [drawScatter(layer, nameOf(layer), coordinates, points.anomalous, components, words)];
  });
  return [
    ...scatters,
    ...drawVariance(analysis, nameOf, words),
    ...drawCorrelation(analysis, points.total, nameOf, words),
  ];
}

function drawScatter(
  layer: string,
  name: string,
  coordinates: Float32Array,
  anomalous: Uint8Array,
  { samples, explained }: NonNullable<LayerAnalysis['components']>,
  { anomalous: anomalousWord }: FigureWords,
): Figure {
  const title = `Activations at ${name}`;
  const data = {
    title,
    subtitle: `components of ${formatCount(samples)} clean samples; ${formatCount(anomalous.length)} test samples drawn`,
    x: Array.from(anomalous, (_, i) => coordinates[2 * i]!),
    y: Array.from(anomalous, (_, i) => coordinates[2 * i + 1]!),
    anomalous: [...anomalous],
    explained,
    ...given({ anomalousWord }),
  };
  return drawFigure({
    name: `activations-${layer}`,
    title,
    config: scatterChart(data, exportTheme),
    description: describeScatter(data),
    table: scatterToTable(data),
    width: 640,
    height: 480,
  });
}

function drawVariance(
  { layers }: Analysis,
  nameOf: (layer: string) => string,
  { anomalous: anomalousWord }: FigureWords,
): Figure[] {
  const rows = Object.entries(layers).flatMap(([layer, { variance }]) => {
    const betweenClasses = variance?.between_predicted_classes;
    const betweenKinds = variance?.between_clean_and_anomalous_of_a_class;
    if (typeof betweenClasses !== 'number' || typeof betweenKinds !== 'number') return [];
    return [{ name: nameOf(layer), betweenClasses, betweenKinds }];
  });
  if (rows.length === 0) return [];
  const data = {
    title: 'Variance of the activations',
    subtitle: 'test samples, by predicted class',
    layers: rows,
    ...given({ anomalousWord }),
  };
  return [
    drawFigure({
      name: 'variance',
      title: data.title,
      config: varianceChart(data, exportTheme),
      description: describeVariance(data),
      table: varianceToTable(data),
      width: 640,
      height: varianceHeight(data),
    }),
  ];
}

function drawCorrelation(
  { score_correlation: { layers, spearman } }: Analysis,
  total: number,
  nameOf: (layer: string) => string,
  { aggregation, samples = 'samples' }: FigureWords,
): Figure[] {
  // One layer and its aggregate are the same scores.
  if (layers.length < 3) return [];
  const data = {
    title: 'Rank correlation of scores',
    subtitle: `Spearman, ${formatCount(total)} test ${samples.toLowerCase()}`,
    names: layers.map((layer) =>
      layer === allLayers ? `All${aggregation === undefined ? ' layers' : `, ${aggregation}`}` : nameOf(layer),
    ),
    matrix: spearman,
  };
  return [
    drawFigure({
      name: 'score-correlation',
      title: data.title,
      config: correlationChart(data, exportTheme),
      description: describeCorrelation(data),
      table: correlationToTable(data),
      ...correlationSize(data),
    }),
  ];
}
