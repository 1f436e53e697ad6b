import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportTheme } from '../../main/figures/figure.ts';
import { correlationChart, correlationSize } from '../../shared/charts/correlation-chart.ts';
import type { ChartConfig, Heading } from '../../shared/charts/chart.ts';
import { histogramChart } from '../../shared/charts/histogram-chart.ts';
import { layerAurocChart, layerAurocHeight } from '../../shared/charts/layer-auroc-chart.ts';
import { overlayHistogramChart } from '../../shared/charts/overlay-histogram-chart.ts';
import { precisionRecallChart } from '../../shared/charts/precision-recall-chart.ts';
import { rocChart } from '../../shared/charts/roc-chart.ts';
import { scatterChart } from '../../shared/charts/scatter-chart.ts';
import { scoreScatterChart } from '../../shared/charts/score-scatter-chart.ts';
import { marksChart } from '../../shared/charts/marks-chart.ts';
import { sweepChart } from '../../shared/charts/sweep-chart.ts';
import { trainingCurveChart } from '../../shared/charts/training-curve-chart.ts';
import { varianceChart, varianceHeight } from '../../shared/charts/variance-chart.ts';
import type { FigureInterval } from '../../shared/domain/evaluation.ts';
import { overprints } from './written-texts.ts';

// Whatever a chart shows, at whatever width a panel has: no two of its texts lie on one another, and none leaves it.

const share = fc.double({ min: 0, max: 1, noNaN: true });
const narrowest = 280;
const panel = fc.record({
  width: fc.integer({ min: narrowest, max: 900 }),
  height: fc.integer({ min: 196, max: 440 }),
});
const onPaper = { title: 'What it shows', subtitle: 'Triggered samples against clean ones, 1000 of each' };
const heading: fc.Arbitrary<Heading> = fc.constantFrom<Heading>({ margin: 0 }, onPaper);

const word = fc.constantFrom('Mahalanobis', 'k nearest neighbours', 'PCA', 'residual', 'seed 3', 'all, mean', 'VAE');
const name = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(', '));
const layerName = fc.stringMatching(/^(conv|linear|blocks_\d\d?_attention)_\d\d?( input)?$/);
const fewNames = fc.uniqueArray(name, { minLength: 1, maxLength: 5 });

/** A curve from (0, 0) to (1, 1) that never falls, as bent as `bend` says. */
const curve = fc
  .tuple(fc.double({ min: 0.01, max: 3, noNaN: true }), fc.integer({ min: 2, max: 40 }))
  .map(([bend, n]) => {
    const fpr = Array.from({ length: n + 1 }, (_, i) => (i / n) ** 3);
    return { fpr, tpr: fpr.map((x) => x ** bend) };
  });

const interval = (auroc: number, width: number): FigureInterval => ({
  lower: Math.max(0, auroc - width),
  upper: Math.min(1, auroc + width),
  method: 'delong-logit',
  one_sided: auroc === 1,
  level: 0.95,
});

function holds<T>(data: fc.Arbitrary<T>, chart: (data: T) => { config: ChartConfig; width: number; height: number }) {
  fc.assert(
    fc.property(data, (one) => {
      const { config, width, height } = chart(one);
      expect(overprints(config, width, height)).toEqual([]);
    }),
    { numRuns: 150 },
  );
}

describe('no text of a chart lies on another or leaves it', () => {
  it('ROC curves', () => {
    const data = fc.record({
      names: fewNames,
      curves: fc.array(curve, { minLength: 5, maxLength: 5 }),
      nClean: fc.integer({ min: 1, max: 20000 }),
      scale: fc.constantFrom('log' as const, 'linear' as const),
      heading,
      size: panel,
      point: fc.record({ fpr: share, tpr: share }),
    });
    holds(data, ({ names, curves, nClean, scale, heading: head, size, point }) => ({
      config: rocChart(
        {
          curves: names.map((text, i) => ({ name: text, ...curves[i]!, auroc: 0.5 })),
          nClean,
          scale,
          point,
          namesInside: head.title === undefined,
          ...head,
        },
        exportTheme,
      ),
      ...(head.title === undefined ? size : { width: names.length > 1 ? 680 : 500, height: 440 }),
    }));
  });

  const eightNames = fc.uniqueArray(name, { minLength: 1, maxLength: 8 });

  it('lines against what is swept', () => {
    const scale = fc.constantFrom('linear' as const, 'log' as const, 'steps' as const, 'choice' as const);
    const values = fc.uniqueArray(fc.double({ min: 1e-4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 12 });
    const data = fc.record({ names: eightNames, scale, values, figures: fc.array(share, { minLength: 96, maxLength: 96 }), heading, size: panel }); // prettier-ignore
    holds(data, ({ names, scale: kind, values: numbers, figures, heading: head, size }) => {
      const sorted = numbers.toSorted((a, b) => a - b);
      const at = kind === 'linear' || kind === 'log' ? sorted : sorted.map((_, i) => `layers.linear_${i}`);
      const points = (series: number) =>
        at.map((x, i) => {
          const y = figures[series * 12 + i]!;
          return { x, y, lower: Math.max(0, y - 0.1), upper: Math.min(1, y + 0.1), isCounted: i % 2 === 0 };
        });
      return {
        config: sweepChart(
          {
            axis: { label: 'Poisoned share', scale: kind, values: at },
            metric: 'TPR at 1 % FPR',
            low: 0,
            high: 1,
            lines: names.map((text, series) => ({ name: text, series, points: points(series) })),
            ...head,
          },
          exportTheme,
        ),
        ...(head.title === undefined ? { ...size, width: Math.max(size.width, 420) } : { width: 720, height: 380 }),
      };
    });
  });

  it('marks by two measures', () => {
    const mark = fc.record({ x: fc.double({ min: 0.5, max: 500, noNaN: true }), y: share });
    const data = fc.record({ names: eightNames, marks: fc.array(mark, { minLength: 24, maxLength: 24 }), each: fc.constantFrom(1, 3), heading, size: panel }); // prettier-ignore
    holds(data, ({ names, marks, each, heading: head, size }) => ({
      config: marksChart(
        {
          x: { label: 'Time of a run', scale: 'log', min: 0.4, max: 600, unit: (value) => `${value} s` },
          metric: 'AUROC',
          bars: '95 % interval',
          low: 0,
          high: 1,
          series: names.map((text, series) => ({
            name: text,
            series,
            marks: marks
              .slice(series * each, (series + 1) * each)
              .map(({ x, y }) => ({ of: 'Corner', x, y, lower: y, upper: y })),
          })),
          ...head,
        },
        exportTheme,
      ),
      ...(head.title === undefined ? { ...size, width: Math.max(size.width, 420) } : { width: 720, height: 460 }),
    }));
  });

  it('precision over recall', () => {
    const data = fc.record({ names: fewNames, curve, prevalence: share, heading, size: panel });
    holds(data, ({ names, curve: { fpr, tpr }, prevalence, heading: head, size }) => ({
      config: precisionRecallChart(
        {
          curves: names.map((text) => ({ name: text, recall: fpr, precision: tpr, averagePrecision: 0.5 })),
          prevalence,
          ...head,
        },
        exportTheme,
      ),
      ...(names.length > 1 ? { width: 680, height: 440 } : size),
    }));
  });

  const histogram = fc
    .record({
      scale: fc.constantFrom('linear' as const, 'log' as const),
      low: fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
      span: fc.double({ min: 1.01, max: 1e6, noNaN: true }),
      clean: fc.array(fc.nat(3000), { minLength: 8, maxLength: 8 }),
      anomalous: fc.array(fc.nat(3000), { minLength: 8, maxLength: 8 }),
    })
    .map(({ low, span, ...rest }) => ({
      ...rest,
      edges: Array.from({ length: 9 }, (_, i) => low * span ** (i / 8)),
    }));

  it('a histogram with a threshold', () => {
    const data = fc.record({ histogram, heading, size: panel, at: fc.double({ min: 1e-4, max: 1e6, noNaN: true }) });
    holds(data, ({ histogram: bins, heading: head, size, at }) => ({
      config: histogramChart(
        { histogram: bins, samples: 'Images', anomalous: 'Triggered', score: 'Mahalanobis score per dimension', threshold: at, ...head }, // prettier-ignore
        exportTheme,
      ),
      ...size,
    }));
  });

  it('histograms of several runs', () => {
    const data = fc.record({ names: fewNames, histogram, heading, size: panel });
    holds(data, ({ names, histogram: { scale, edges, clean, anomalous }, heading: head, size }) => ({
      config: overlayHistogramChart(
        {
          scale,
          edges,
          runs: names.map((text, i) => ({ name: text, counts: i % 2 ? clean : anomalous, figure: '0.987' })),
          samples: 'Triggered samples',
          score: 'Rank among test samples, %',
          figures: 'AUROC',
          namesInside: head.title === undefined,
          ...head,
        },
        exportTheme,
      ),
      ...(head.title === undefined ? size : { width: 720, height: 380 }),
    }));
  });

  it('AUROC per layer', () => {
    const data = fc.record({
      layers: fc.uniqueArray(fc.record({ name: layerName, auroc: share, width: share }), {
        minLength: 1,
        maxLength: 8,
        selector: (layer) => layer.name,
      }),
      compact: fc.boolean(),
      heading,
      width: fc.integer({ min: narrowest, max: 900 }),
    });
    holds(data, ({ layers, compact, heading: head, width }) => {
      const chart = {
        layers: layers.map((layer) => ({ ...layer, interval: interval(layer.auroc, layer.width / 2) })),
        compact: compact && head.title === undefined,
        ...head,
      };
      return {
        config: layerAurocChart(chart, exportTheme),
        width: head.title === undefined ? (compact ? width : Math.max(width, 460)) : 640,
        height: compact && head.title === undefined ? Math.max(196, layers.length * 26 + 50) : layerAurocHeight(chart),
      };
    });
  });

  it('the variance of layers', () => {
    const layers = fc.uniqueArray(fc.record({ name: layerName, betweenClasses: share, betweenKinds: share }), {
      minLength: 1,
      maxLength: 8,
      selector: (layer) => layer.name,
    });
    const data = fc.record({ layers, heading, width: fc.integer({ min: narrowest, max: 900 }) });
    holds(data, ({ layers: rows, heading: head, width }) => ({
      config: varianceChart({ layers: rows, anomalousWord: 'Triggered', ...head }, exportTheme),
      width: head.title === undefined ? width : 640,
      height: varianceHeight({ layers: rows, ...head }),
    }));
  });

  it('correlations', () => {
    const data = fc.record({
      names: fc.uniqueArray(layerName, { minLength: 2, maxLength: 9 }),
      value: fc.double({ min: -1, max: 1, noNaN: true }),
      heading,
      width: fc.integer({ min: narrowest, max: 900 }),
    });
    holds(data, ({ names, value, heading: head, width }) => {
      const chart = { names, matrix: names.map(() => names.map(() => value)), ...head };
      const own = correlationSize(chart);
      return {
        config: correlationChart(chart, exportTheme),
        ...own,
        width: head.title ? own.width : Math.max(width, 42 * names.length + 60),
      };
    });
  });

  const coordinate = fc.integer({ min: -1e9, max: 1e9 }).map((value) => value / 100);
  const points = fc.array(fc.tuple(coordinate, coordinate, fc.nat(1)), { minLength: 1, maxLength: 6 }).map((all) => ({
    x: all.map(([x]) => x),
    y: all.map(([, y]) => y),
    anomalous: all.map(([, , flag]) => flag),
  }));

  it('activations', () => {
    const data = fc.record({ points, heading, size: panel, compact: fc.boolean() });
    holds(data, ({ points: cloud, heading: head, size, compact }) => ({
      config: scatterChart(
        { ...cloud, anomalousWord: 'Triggered', explained: [0.123, 0.456], compact: compact && !head.title, ...head },
        exportTheme,
      ),
      ...(head.title === undefined ? size : { width: 640, height: 480 }),
    }));
  });

  it('the scores of two runs', () => {
    const data = fc.record({ points, heading, size: panel, names: fc.tuple(name, name) });
    holds(data, ({ points: cloud, heading: head, size, names: [xName, yName] }) => ({
      config: scoreScatterChart(
        { ...cloud, anomalousWord: 'Triggered', xName, yName, spearman: 0, ...head },
        exportTheme,
      ),
      ...(head.title === undefined ? size : { width: 640, height: 480 }),
    }));
  });

  it('a training', () => {
    const data = fc.record({
      epochs: fc.integer({ min: 1, max: 300 }),
      ends: fc.array(share, { minLength: 6, maxLength: 6 }),
      loss: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      heading,
      size: fc.record({ width: fc.integer({ min: 440, max: 900 }), height: fc.integer({ min: 260, max: 440 }) }),
    });
    holds(data, ({ epochs, ends, loss, heading: head, size }) => {
      const series = (text: string, end: number) => ({
        name: text,
        values: Array.from({ length: epochs }, (_, i) => (end * (i + 1)) / epochs),
      });
      return {
        config: trainingCurveChart(
          {
            epochs: Array.from({ length: epochs }, (_, i) => i + 1),
            losses: [series('Training loss', loss), series('Validation loss', loss * ends[0]!)],
            shares: [
              series('Training accuracy', ends[1]!),
              series('Clean accuracy', ends[2]!),
              series('Attack success', ends[3]!),
            ],
            ...head,
          },
          exportTheme,
        ),
        ...(head.title === undefined ? size : { width: 720, height: 440 }),
      };
    });
  });
});
