import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleIds } from '../../shared/charts/chart.ts';
import { describeHistogram, histogramChart, histogramToTable } from '../../shared/charts/histogram-chart.ts';
import { chartToSvg } from '../../shared/charts/draw-chart.ts';
import { spread } from '../../shared/charts/labels.ts';
import { describeLayerAuroc, layerAurocChart, layerAurocToTable } from '../../shared/charts/layer-auroc-chart.ts';
import { shortLayerNames } from '../../shared/charts/layer-names.ts';
import {
  describeOverlayHistogram,
  overlayHistogramChart,
  overlayHistogramToTable,
} from '../../shared/charts/overlay-histogram-chart.ts';
import {
  describeScoreScatter,
  scoreScatterChart,
  scoreScatterToTable,
} from '../../shared/charts/score-scatter-chart.ts';
import { describePrecisionRecall, precisionRecallToTable } from '../../shared/charts/precision-recall-chart.ts';
import { describeRoc, rocChart, rocToTable } from '../../shared/charts/roc-chart.ts';
import type { MeasureText } from '../../shared/charts/svg-context.ts';
import { lightTheme } from '../../shared/charts/theme.ts';
import { linearTicks, logTicks, scoreLabel, tickLabel } from '../../shared/charts/ticks.ts';
import { describeTrainingCurve, trainingCurveToTable } from '../../shared/charts/training-curve-chart.ts';
import type { FigureInterval, Histogram } from '../../shared/domain/evaluation.ts';

/** Every letter half as wide as it is high. */
const measure: MeasureText = (font, text) => {
  const size = Number(/([\d.]+)px/.exec(font)?.[1]);
  return { width: (text.length * size) / 2, fontBoundingBoxAscent: size, fontBoundingBoxDescent: 0 };
};

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');
const interval: FigureInterval = { lower: 0.9, upper: 0.96, method: 'delong-logit', one_sided: false, level: 0.95 };
const atLeast: FigureInterval = { lower: 0.9801, upper: 1, method: 'rule-of-three', one_sided: true, level: 0.95 };
const histogram: Histogram = { scale: 'linear', edges: [0, 1, 2, 3], clean: [3, 1, 0], anomalous: [0, 1, 2] };

describe('histogram', () => {
  const data = { histogram, samples: 'Images', anomalous: 'Triggered', title: 'Scores at linear_0' };

  it('draws the outline of the counts, closed on the axis', () => {
    const clean = histogramChart(data, lightTheme).data.datasets[0]!.data;
    expect(clean).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 3 },
      { x: 1, y: 3 },
      { x: 1, y: 1 },
      { x: 2, y: 1 },
      { x: 2, y: 0 },
      { x: 3, y: 0 },
      { x: 3, y: 0 },
    ]);
  });

  it('draws shares where one class is more than three times the other', () => {
    const unbalanced = { ...histogram, clean: [60, 20, 20] };
    const [clean, anomalous] = histogramChart({ histogram: unbalanced }, lightTheme).data.datasets;
    expect(Math.max(...clean!.data.map(({ y }) => Number(y)))).toBe(60);
    expect(Math.max(...anomalous!.data.map(({ y }) => Number(y)))).toBeCloseTo(200 / 3, 10);
    expect(histogramToTable({ histogram: unbalanced }).rows[0]).toEqual([0, 1, 60, 0]);
  });

  it('says what it shows', () => {
    expect(describeHistogram(data)).toBe(
      'Scores at linear_0: 4 clean and 3 triggered images from 0 to 3. ' +
        'The median is about 0.5 for clean and 2.5 for triggered ones.',
    );
    expect(histogramToTable(data)).toEqual({
      header: ['score from', 'score to', 'clean', 'triggered'],
      rows: [
        [0, 1, 3, 0],
        [1, 2, 1, 1],
        [2, 3, 0, 2],
      ],
    });
  });
});

describe('ROC and precision-recall', () => {
  const curves = [
    { name: 'linear_0', fpr: [0, 0, 1], tpr: [0, 1, 1], auroc: 1, interval: atLeast },
    { name: 'linear_1', fpr: [0, 0.5, 1], tpr: [0, 0.8, 1], auroc: 0.65, interval },
  ];

  it('opens the log axis at half a clean sample, where an FPR of 0 stands', () => {
    const config = rocChart({ curves, nClean: 1000 }, lightTheme);
    expect(config.data.datasets[1]!.data[0]).toEqual({ x: 0.05, y: 0 });
    expect(config.options?.scales?.['x']).toMatchObject({ type: scaleIds.logarithmic, min: 0.05, max: 100 });
  });

  it('draws a single curve without the colour of a class', () => {
    const config = rocChart({ curves: curves.slice(1), nClean: 1000 }, lightTheme);
    expect(config.data.datasets[1]!.borderColor).toBe(lightTheme.dataInk);
  });

  it('says which curve is best', () => {
    expect(describeRoc({ curves, nClean: 10 })).toBe(
      'ROC. Of 2 curves linear_0 is the best: AUROC 1.000 (95 % interval at least 0.980), where 0.5 is guessing.',
    );
    expect(rocToTable({ curves, nClean: 10 }).rows).toHaveLength(6);
    const pr = {
      curves: [{ name: 'linear_0', recall: [0, 1], precision: [1, 0.9], averagePrecision: 0.95, interval }],
      prevalence: 0.5,
    };
    expect(describePrecisionRecall(pr)).toBe(
      'Precision and recall. linear_0: average precision 0.950 (95 % interval 0.900 to 0.960), where 0.500 is guessing.',
    );
    expect(precisionRecallToTable(pr).rows).toEqual([
      ['linear_0', 0, 1],
      ['linear_0', 1, 0.9],
    ]);
  });
});

describe('AUROC per layer', () => {
  const layers = [
    { name: 'a', auroc: 0.93, interval },
    { name: 'b', auroc: 0.32, interval: { ...interval, lower: 0.23, upper: 0.44 } },
  ];

  it('starts at guessing, or lower where a layer is below it', () => {
    expect(layerAurocChart({ layers: layers.slice(0, 1) }, lightTheme).options?.scales?.['x']).toMatchObject({
      min: 0.5,
    });
    expect(layerAurocChart({ layers }, lightTheme).options?.scales?.['x']).toMatchObject({ min: 0.2 });
  });

  it('says what it shows', () => {
    expect(describeLayerAuroc({ layers })).toBe(
      'AUROC per layer with 95 % intervals; 0.5 is guessing. ' +
        'The highest is a with 0.930 (0.900 to 0.960), the lowest b with 0.320 (0.230 to 0.440).',
    );
    expect(layerAurocToTable({ layers }).rows[1]).toEqual(['b', 0.32, 0.23, 0.44]);
  });
});

describe('training', () => {
  it('says how it ended, leaving out what was not measured', () => {
    const data = {
      epochs: [1, 2],
      losses: [{ name: 'Loss', values: [1, 0.5] }],
      shares: [{ name: 'Attack success', values: [0.9, null], kind: 'anomalous' as const }],
    };
    expect(plain(describeTrainingCurve(data))).toBe(
      'Training over 2 epochs. At the end: Attack success 90.0 %, Loss 0.500.',
    );
    expect(trainingCurveToTable(data)).toEqual({
      header: ['epoch', 'Loss', 'Attack success'],
      rows: [
        [1, 1, 0.9],
        [2, 0.5, null],
      ],
    });
  });
});

describe('layer names', () => {
  it.each([
    [
      ['layers.linear_0.output', 'layers.linear_1.output'],
      ['linear_0', 'linear_1'],
    ],
    [['layers.linear_0.output'], ['linear_0']],
    [
      ['conv_layers.conv_0.input', 'conv_layers.conv_0.output', 'dense.linear_0.output'],
      ['conv_0.input', 'conv_0', 'linear_0'],
    ],
    [
      ['a.block.output', 'b.block.output'],
      ['a.block', 'b.block'],
    ],
    [
      ['x', 'x.output'],
      ['x', 'x.output'],
    ],
    [[], []],
  ])('%j: %j', (names, short) => {
    expect(shortLayerNames(names)).toEqual(short);
  });

  it('stay apart', () => {
    const name = fc
      .array(fc.constantFrom('a', 'b', 'input', 'output'), { minLength: 1, maxLength: 4 })
      .map((part) => part.join('.'));
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 6 }), (names) => {
        expect(new Set(shortLayerNames(names)).size).toBe(names.length);
      }),
    );
  });
});

describe('axes', () => {
  it('round ticks', () => {
    expect(linearTicks(0, 120, 4)).toEqual([0, 20, 40, 60, 80, 100, 120]);
    expect(linearTicks(0.5, 1, 5)).toEqual([0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(linearTicks(-1.2, 1.2, 4)).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(logTicks(0.1, 100)).toEqual([0.1, 0.3, 1, 3, 10, 30, 100]);
    expect(logTicks(0.2, 7)).toEqual([0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7]);
    expect(logTicks(1e-12, 1).length).toBeLessThan(10);
  });

  it('few ticks, which are numbers, whatever the range', () => {
    const end = fc.oneof(
      fc.double(),
      fc.constantFrom(0, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53, -(2 ** 53)),
    );
    fc.assert(
      fc.property(end, end, fc.integer({ min: 1, max: 10 }), (min, max, count) => {
        for (const ticks of [linearTicks(min, max, count), logTicks(min, max)]) {
          expect(ticks.length).toBeLessThan(50);
          expect(ticks.every(Number.isFinite)).toBe(true);
        }
      }),
    );
  });

  it.each([
    [0, '0'],
    [0.1, '0.1'],
    [-2.5, '−2.5'],
    [12_000, '12 000'],
    [1e6, '10⁶'],
    [2.5e-5, '2.5 × 10⁻⁵'],
    [-3e7, '−3 × 10⁷'],
    [9.9999e6, '10⁷'],
    [5e-324, '4.94 × 10⁻³²⁴'],
    [Infinity, '∞'],
  ])('labels %d as %s', (value, label) => {
    expect(plain(tickLabel(value))).toBe(label);
  });

  it('moves labels apart, in order, within bounds', () => {
    expect(spread([10, 11, 12], 5, 0, 100)).toEqual([10, 15, 20]);
    expect(spread([99, 98], 5, 0, 100)).toEqual([100, 95]);
    const centres = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(centres, (list) => {
        const placed = spread(list, 10, 0, 100).sort((a, b) => a - b);
        placed.slice(1).forEach((value, i) => expect(value - placed[i]!).toBeGreaterThanOrEqual(10 - 1e-9));
        expect(placed[0]).toBeGreaterThanOrEqual(-1e-9);
        expect(placed.at(-1)).toBeLessThanOrEqual(100 + 1e-9);
      }),
    );
  });
});

describe('histograms of several runs', () => {
  const data = {
    scale: 'linear' as const,
    edges: [0, 50, 100],
    samples: 'Triggered images',
    score: 'Rank, %',
    figures: 'AUROC',
    runs: [
      { name: 'knn', counts: [1, 3], figure: '0.900' },
      { name: 'que', counts: [8, 2], figure: '0.600' },
    ],
  };

  it('are shares of each run, told apart by dashes as by colours', () => {
    const [knn, que] = overlayHistogramChart(data, lightTheme).data.datasets as {
      data: unknown;
      borderDash: number[];
    }[];
    expect(knn!.data).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 25 },
      { x: 50, y: 25 },
      { x: 50, y: 75 },
      { x: 100, y: 75 },
      { x: 100, y: 0 },
    ]);
    expect(que!.borderDash).not.toEqual(knn!.borderDash);
  });

  it('have the colours that their runs have elsewhere', () => {
    const placed = data.runs.map((run, i) => ({ ...run, series: [3, 0][i]! }));
    const { datasets } = overlayHistogramChart({ ...data, runs: placed }, lightTheme).data;
    expect((datasets as { borderColor: string }[]).map(({ borderColor }) => borderColor)).toEqual([
      lightTheme.series[3]!.colour,
      lightTheme.series[0]!.colour,
    ]);
  });

  it('say where each run has most of its samples', () => {
    expect(plain(describeOverlayHistogram(data))).toBe(
      'Triggered images by rank, %. knn has most of them, 75.0 %, from 50 to 100; que has most of them, 80.0 %, from 0 to 50.',
    );
    expect(overlayHistogramToTable(data).rows).toEqual([
      [0, 50, 1, 8],
      [50, 100, 3, 2],
    ]);
  });
});

describe('scores of two detectors', () => {
  const data = {
    x: Float32Array.of(0.5, 20),
    y: Float32Array.of(-1, 3),
    anomalous: Uint8Array.of(0, 1),
    xName: 'knn',
    yName: 'que',
    spearman: 0.5,
  };

  it('stand on the axis that suits each', () => {
    const scales = scoreScatterChart(data, lightTheme).options!.scales!;
    expect([scales['x']!.type, scales['y']!.type]).toEqual([scaleIds.logarithmic, scaleIds.linear]);
  });

  it('say how alike they are', () => {
    expect(describeScoreScatter(data)).toBe(
      'Scores of knn against que, 2 test samples drawn. Their rank correlation is 0.50, where 1 is the same order.',
    );
    expect(scoreScatterToTable(data)).toEqual({
      header: ['knn', 'que', 'anomalous'],
      rows: [
        [0.5, -1, 0],
        [20, 3, 1],
      ],
    });
  });
});

describe('what moves while the chart stays', () => {
  it('a threshold given as a function is asked for at every drawing', () => {
    let threshold: number | null = null;
    const drawn: string[] = [];
    const config = histogramChart({ histogram, threshold: () => threshold, thresholdLabel: 'limit' }, lightTheme);
    const draw = () =>
      chartToSvg(config, { width: 300, height: 200, background: '#fff', title: '', description: '' }, measure);
    drawn.push(draw());
    threshold = 2;
    drawn.push(draw());
    expect(drawn[0]).not.toContain('limit');
    expect(drawn[1]).toContain('limit');
  });
});

describe('labels of scores', () => {
  it.each([
    [0, '0'],
    [0.3, '0.300'],
    [-3.0512, '−3.05'],
    [99.96, '100'],
    [1234.5, '1 230'],
    [0.00042, '4.2 × 10⁻⁴'],
  ])('%d is "%s"', (score, label) => expect(plain(scoreLabel(score))).toBe(label));
});
