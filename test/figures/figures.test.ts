import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCanvas, GlobalFonts, loadImage } from '@napi-rs/canvas';
import { fileURLToPath } from 'node:url';
import { drawAnalysisFigures } from '../../main/figures/analysis-figures.ts';
import { drawEvaluationFigures } from '../../main/figures/evaluation-figures.ts';
import { exportTheme, type Figure } from '../../main/figures/figure.ts';
import { drawMistakeSheet } from '../../main/figures/mistake-sheet.ts';
import { renderChart } from '../../main/figures/render-chart.ts';
import { drawTrainingFigure } from '../../main/figures/training-figure.ts';
import { layerAurocChart } from '../../shared/charts/layer-auroc-chart.ts';
import type { FigureInterval } from '../../shared/domain/evaluation.ts';
import { differenceFromStored, visibleDifference } from './compare.ts';
import { exampleAnalysis, exampleEvaluation, exampleSheet } from './example.ts';

/** Share of blocks that may differ from the stored figure. */
const allowed = 0.004;

const strong = exampleEvaluation(
  {
    'layers.linear_0.output': { shift: 9, width: 0.5 },
    'layers.linear_1.output': { shift: 3.4, width: 0.5 },
    'layers.linear_2.output': { shift: 2.2, width: 0.45 },
  },
  { clean: 1000, anomalous: 1000 },
);
const weak = exampleEvaluation(
  {
    'conv_layers.conv_0.input': { shift: 0.1, width: 0.1 },
    'conv_layers.conv_0.output': { shift: 0.4, width: 0.1 },
    'conv_layers.conv_1.output': { shift: -1.4, width: 0.1 },
    'dense_layers.linear_0.output': { shift: 1.2, width: 0.1 },
    'dense_layers.linear_1.output': { shift: 0.6, width: 0.1 },
  },
  { clean: 400, anomalous: 60 },
);
const single = exampleEvaluation(
  { 'layers.linear_1.output': { shift: 2, width: 0.8 } },
  { clean: 2000, anomalous: 2000 },
);
const words = { aggregation: 'mean', samples: 'Images', anomalous: 'Triggered', score: 'Mahalanobis score' };

const { analysis, points } = exampleAnalysis();

const figures = new Map<string, Figure>([
  ...drawAnalysisFigures(analysis, points, words).map((figure) => [figure.name, figure] as const),
  ...drawEvaluationFigures(strong, words).map((figure) => [`strong-${figure.name}`, figure] as const),
  ...drawEvaluationFigures(weak, words).map((figure) => [`weak-${figure.name}`, figure] as const),
  ...drawEvaluationFigures(single).map((figure) => [`single-${figure.name}`, figure] as const),
  [
    'training',
    drawTrainingFigure({
      subtitle: 'MLP 128-128 on MNIST, 5 % poisoned',
      epochs: [1, 2, 3],
      losses: [{ name: 'Training loss', values: [0.62, 0.35, 0.28] }],
      shares: [
        { name: 'Training accuracy', values: [0.812, 0.904, 0.923] },
        { name: 'Clean accuracy', values: [0.951, 0.968, 0.977], kind: 'clean' },
        { name: 'Attack success', values: [0.94, null, 0.996], kind: 'anomalous' },
      ],
    }),
  ] as const,
]);

describe('figures', () => {
  it('an evaluation has one of each kind and a histogram for every layer', () => {
    expect([...figures.keys()].filter((name) => name.startsWith('strong-'))).toEqual([
      'strong-layers',
      'strong-roc',
      'strong-precision-recall',
      'strong-histogram-all',
      'strong-histogram-layers.linear_0.output',
      'strong-histogram-layers.linear_1.output',
      'strong-histogram-layers.linear_2.output',
    ]);
  });

  it.each([
    'strong-layers',
    'strong-roc',
    'strong-histogram-layers.linear_1.output',
    'weak-layers',
    'weak-precision-recall',
    'weak-histogram-dense_layers.linear_0.output',
    'single-roc',
    'training',
    'activations-layers.linear_0.output',
    'variance',
    'score-correlation',
  ])('%s looks as stored (else see its .actual.png)', async (name) => {
    expect(await differenceFromStored(name, figures.get(name)!.png, allowed)).toBeLessThanOrEqual(allowed);
  });

  it('a sheet of mistakes looks as stored, every pixel a square (else see its .actual.png)', async () => {
    const png = drawMistakeSheet(exampleSheet());
    expect(await differenceFromStored('mistakes', png, allowed)).toBeLessThanOrEqual(allowed);
    const image = await loadImage(png);
    const canvas = createCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    // The corner pixel of the first anomalous picture, a trigger, at 8 px a side and two pixels a px: all of it white.
    const { x, y } = { x: 16, y: 44 + 30 + 64 * 1.75 + 64 + 12 + 30 };
    const { data } = context.getImageData(2 * x, 2 * y, 28, 28);
    expect(new Set(data)).toEqual(new Set([255]));
  });

  it('an analysis has a scatter a layer with components, and says of each figure what it shows', () => {
    const drawn = drawAnalysisFigures(analysis, points, words);
    expect(drawn.map(({ name }) => name)).toEqual([
      'activations-layers.linear_0.output',
      'activations-layers.linear_1.output',
      'variance',
      'score-correlation',
    ]);
    const [scatter, , variance, correlation] = drawn;
    expect(scatter!.description).toMatch(/^Activations at linear_0 .* hold 62\.0\s% of the clean variance\./);
    expect(scatter!.table.rows).toHaveLength(700);
    expect(variance!.description).toMatch(/is largest in linear_1: 8\.0\s%\.$/);
    expect(correlation!.description).toBe(
      'Rank correlation of scores, −1 to 1. It is highest between linear_0 and linear_1 (>0.99), lowest between linear_1 and linear_2 (−0.34).',
    );
    expect(correlation!.table.rows).toHaveLength(6);
  });

  it('the comparison sees a bar that is a hundredth shorter', async () => {
    const interval: FigureInterval = { lower: 0.9, upper: 0.95, method: 'delong-logit', one_sided: false, level: 0.95 };
    const draw = (auroc: number) =>
      renderChart(layerAurocChart({ layers: [{ name: 'a', auroc, interval }] }, exportTheme), {
        width: 600,
        height: 120,
        format: 'png',
        background: '#ffffff',
      });
    expect(await visibleDifference(draw(0.93), draw(0.93))).toBe(0);
    expect(await visibleDifference(draw(0.92), draw(0.93))).toBeGreaterThan(0);
  });

  it('the same input gives the same bytes', () => {
    const digest = (buffer: Buffer) => createHash('sha256').update(buffer).digest('hex');
    const again = new Map(drawEvaluationFigures(single).map((figure) => [`single-${figure.name}`, figure]));
    for (const [name, figure] of again) {
      expect(digest(figure.png), name).toBe(digest(figures.get(name)!.png));
      expect(digest(figure.svg), name).toBe(digest(figures.get(name)!.svg));
    }
  });
});

describe('SVG', () => {
  // Viewers take the first font of the list that they have.
  for (const weight of ['Regular', 'SemiBold'])
    GlobalFonts.registerFromPath(
      fileURLToPath(new URL(`../../resources/fonts/Inter-${weight}.ttf`, import.meta.url)),
      'Inter',
    );

  it.each([
    'strong-layers',
    'strong-roc',
    'strong-histogram-all',
    'weak-precision-recall',
    'training',
    'activations-layers.linear_1.output',
    'variance',
    'score-correlation',
  ])('%s shows the same as the PNG', async (name) => {
    const { svg, png } = figures.get(name)!;
    expect(await visibleDifference(svg, png)).toBeLessThan(0.02);
  });

  it('keeps text as text, with a title and a description for screen readers', () => {
    for (const { svg } of figures.values())
      for (const [, size] of svg.toString().matchAll(/font-size="([^"]*)"/g))
        expect(['11', '12', '13']).toContain(size);
    const text = figures.get('strong-layers')!.svg.toString();
    expect(text).toContain('<title>AUROC per layer</title>');
    expect(text).toContain('<desc>AUROC per layer with 95 % intervals');
    expect(text).toMatch(/<text [^>]*font-weight="600"[^>]*>0\.992<\/text>/);
    expect(text).toMatch(/<text [^>]*>0\.989 to 0\.994<\/text>/);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('names no rate at 1 % false alarms where the clean samples cannot give one', () => {
    const rocOf = (clean: number) => {
      const evaluation = exampleEvaluation(
        { 'layers.linear_0.output': { shift: 1, width: 1 } },
        { clean, anomalous: 40 },
      );
      const roc = drawEvaluationFigures(evaluation, words).find(({ name }) => name === 'roc');
      return roc!.svg.toString().replaceAll('\u00a0', ' ');
    };
    expect(rocOf(100)).toMatch(/at FPR 1\.0 %/);
    expect(rocOf(99)).not.toMatch(/at FPR/);
  });
});
