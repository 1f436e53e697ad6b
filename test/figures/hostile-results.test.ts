import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drawAnalysisFigures } from '../../main/figures/analysis-figures.ts';
import { drawComparedRoc, drawComparedScores } from '../../main/figures/comparison-figures.ts';
import { drawEvaluationFigures } from '../../main/figures/evaluation-figures.ts';
import type { Figure } from '../../main/figures/figure.ts';
import { drawTrainingFigure } from '../../main/figures/training-figure.ts';
import { trainingSeries } from '../../shared/charts/training-series.ts';
import { analysisSchema } from '../../shared/domain/analysis.ts';
import { layerMetricsSchema, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { epochSchema } from '../../shared/domain/live.ts';
import { accepted } from '../zod-arbitrary.ts';

// Whatever a shared run holds is drawn, and soon: a chart that made ticks without end would take the process with it.

const metrics = accepted(layerMetricsSchema);

const extreme = fc.oneof(
  fc.constantFrom(0, 1, -1, 1e308, -1e308, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 2 ** 53, 2 ** 53 + 2),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

function expectDrawn(figures: readonly Figure[]): void {
  for (const { svg } of figures) {
    const file = svg.toString('utf8');
    // What XML may not hold, and numbers that are none in what is read.
    expect(file).not.toMatch(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
    expect(file).not.toMatch(/(?:>|x=")[^<"]*NaN/);
  }
}

const edges = (...all: number[]): LayerMetrics['histogram'] => ({
  scale: all[0]! > 0 ? 'log' : 'linear',
  edges: all,
  clean: all.slice(1).map(() => 2),
  anomalous: all.slice(1).map(() => 1),
});

it.each([
  ['as wide as numbers go', edges(-Number.MAX_VALUE, 0, Number.MAX_VALUE)],
  ['as wide as a logarithm goes', edges(5e-324, 1, Number.MAX_VALUE)],
  ['without width', edges(1, 1, 1)],
  ['of nothing but 0', edges(0, 0)],
  ['of neighbouring numbers', edges(2 ** 53, 2 ** 53 + 2)],
  ['of as many samples as can be counted', { ...edges(0, 1), clean: [Number.MAX_SAFE_INTEGER], anomalous: [0] }],
])('draws a histogram %s', (_, histogram) => {
  const [one] = fc.sample(metrics, { numRuns: 1, seed: 1 });
  const counts = { n_clean: Number.MAX_SAFE_INTEGER, n_anomalous: 1 };
  expectDrawn(drawEvaluationFigures({ layers: { all: { ...one!, ...counts, histogram } }, about: {} }));
});

it('draws any evaluation that passes its schema', () => {
  fc.assert(
    fc.property(fc.array(metrics, { minLength: 1, maxLength: 3 }), (all) => {
      const layers = Object.fromEntries(all.map((one, i) => [i === 0 ? 'all' : `layer-${i}`, one]));
      expectDrawn(drawEvaluationFigures({ layers, about: {} }));
      expectDrawn([drawComparedRoc(all.map((one, i) => ({ name: `run ${i}`, metrics: one })), 'Anomalous')]); // prettier-ignore
    }),
    { numRuns: 200 },
  );
});

it('draws any training', () => {
  fc.assert(
    fc.property(fc.array(accepted(epochSchema), { minLength: 1, maxLength: 5 }), (history) => {
      expectDrawn([drawTrainingFigure(trainingSeries(history))]);
    }),
    { numRuns: 200 },
  );
});

it('draws any analysis, wherever its points lie', () => {
  const coordinate = fc.float({ noNaN: true, noDefaultInfinity: true });
  const points = fc.array(fc.tuple(coordinate, coordinate, fc.nat(1)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(accepted(analysisSchema), points, (analysis, all) => {
      const anomalous = Uint8Array.from(all, ([, , label]) => label);
      const plane = Float32Array.from(all.flatMap(([x, y]) => [x, y]));
      const coordinates = new Map(Object.keys(analysis.layers).map((layer) => [layer, plane]));
      expectDrawn(drawAnalysisFigures(analysis, { coordinates, anomalous, total: all.length }));
    }),
    { numRuns: 200 },
  );
});

it('draws any two scores against each other', () => {
  const samples = fc.array(fc.tuple(extreme, extreme, fc.nat(1)), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(samples, metrics, (all, one) => {
      const scores = [0, 1].map((k) => Float64Array.from(all, (sample) => sample[k]!));
      const set = { runs: [0, 1], labels: Uint8Array.from(all, ([, , label]) => label), scores };
      const runs = ['first', 'second'].map((name) => ({ name, metrics: one }));
      expectDrawn([drawComparedScores(runs, { set, across: 0, up: 1, spearman: null } as never, 'Anomalous', 1)]);
    }),
    { numRuns: 200 },
  );
});
