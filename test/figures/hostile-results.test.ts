import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawAnalysisFigures } from '../../main/figures/analysis-figures.ts';
import { drawComparedRoc, drawComparedScores } from '../../main/figures/comparison-figures.ts';
import { drawEvaluationFigures } from '../../main/figures/evaluation-figures.ts';
import type { Figure } from '../../main/figures/figure.ts';
import { canvasLibrary } from '../../main/figures/lazy-canvas.ts';
import { drawTrainingFigure } from '../../main/figures/training-figure.ts';
import { RandomStream } from '../../main/tensor/random.ts';
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

/** `value` with some of its numbers replaced by such as are none, chosen by `seed`. */
function withoutSomeNumbers<T>(value: T, seed: number): T {
  const stream = RandomStream.from(seed, 'numbers');
  const replaced = (part: unknown): unknown => {
    if (typeof part === 'number') return stream.integer(3) > 0 ? part : [NaN, Infinity, -Infinity][stream.integer(3)];
    if (Array.isArray(part)) return part.map(replaced);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inside]) => [key, replaced(inside)]));
  };
  return replaced(value) as T;
}

/** On a canvas, which an arc at no number would abort together with the process. */
function expectPainted(figures: readonly Figure[]): void {
  for (const { png } of figures) expect([...png.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
}

describe('numbers that are none', () => {
  it.each([NaN, Infinity, -Infinity, 1e308])('are passed over by arcs and ellipses: %d', (value) => {
    const canvas = canvasLibrary().createCanvas(4, 4);
    const context = canvas.getContext('2d');
    context.fillStyle = '#f00';
    for (let place = 0; place < 5; place++) {
      context.arc(...(Array.from({ length: 5 }, (_, k) => (k === place ? value : 1)) as [number, number, number, number, number])); // prettier-ignore
    }
    for (let place = 0; place < 7; place++) {
      context.ellipse(...(Array.from({ length: 7 }, (_, k) => (k === place ? value : 1)) as [number, number, number, number, number, number, number])); // prettier-ignore
    }
    context.fill();
    expect([...context.getImageData(0, 0, 4, 4).data].every((byte) => byte === 0)).toBe(true);
    context.arc(2, 2, 2, 0, 7);
    context.fill();
    expect([...context.getImageData(2, 2, 1, 1).data]).toEqual([255, 0, 0, 255]);
  });

  it('are painted in a training whose losses they are', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      for (const epochs of [1, 2, 900]) {
        const validation = { clean: { accuracy: value }, backdoor: { accuracy: value, attack_success: value } };
        const history = Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, loss: value, accuracy: value, validation })); // prettier-ignore
        const figure = drawTrainingFigure(trainingSeries(history));
        expectPainted([figure]);
        expectDrawn([figure]);
      }
    }
  });

  it('are painted in any evaluation, training and analysis', () => {
    const plane = new Float32Array(8).fill(NaN);
    fc.assert(
      fc.property(metrics, accepted(epochSchema), accepted(analysisSchema), fc.nat(), (one, epoch, analysis, seed) => {
        const broken = withoutSomeNumbers(one, seed);
        expectPainted(drawEvaluationFigures({ layers: { all: broken, deep: broken }, about: {} }));
        expectPainted([drawComparedRoc([{ name: 'run', metrics: broken }], 'Anomalous')]);
        expectPainted([drawTrainingFigure(trainingSeries([epoch, withoutSomeNumbers(epoch, seed)]))]);
        const coordinates = new Map(Object.keys(analysis.layers).map((layer) => [layer, plane]));
        const points = { coordinates, anomalous: Uint8Array.of(0, 1, 0, 1), total: 4 };
        expectPainted(drawAnalysisFigures(withoutSomeNumbers(analysis, seed), points));
      }),
      { numRuns: 12 },
    );
  });
});
