import type { AnalysisPoints } from '../../main/figures/analysis-figures.ts';
import type { MistakePicture, MistakeSheet } from '../../main/figures/mistake-sheet.ts';
import type { Analysis } from '../../shared/domain/analysis.ts';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { allLayers, type Evaluation } from '../../shared/domain/evaluation.ts';

/** How far the anomalous scores of a layer stand from the clean ones, in standard deviations of their logarithm. */
interface ExampleLayer {
  shift: number;
  /** Standard deviation of the logarithm. */
  width: number;
}

/** An evaluation of made-up scores, log-normal as distances are; the same on every machine. */
export function exampleEvaluation(
  layers: Record<string, ExampleLayer>,
  { clean, anomalous }: { clean: number; anomalous: number },
): Evaluation {
  const labels = Uint8Array.from({ length: clean + anomalous }, (_, i) => (i < clean ? 0 : 1));
  const scores = Object.fromEntries(
    Object.entries(layers).map(([name, { shift, width }]) => {
      const stream = RandomStream.from(20240611, 'example', name);
      const values = Float32Array.from(labels, (label) => Math.exp(width * (stream.normal() + shift * label)));
      return [name, values];
    }),
  );
  const all = { ...scores, [allLayers]: aggregateLayers(scores, 'mean') };
  const metrics = Object.entries(all).map(([name, values]) => [name, evaluateScores(values, labels)]);
  return { layers: Object.fromEntries(metrics) as Evaluation['layers'], about: {} };
}

/** An analysis of three layers, one of which was left out. */
export function exampleAnalysis(): { analysis: Analysis; points: AnalysisPoints } {
  const stream = RandomStream.from(20240611, 'analysis');
  const anomalous = Uint8Array.from({ length: 700 }, () => (stream.uniform() < 0.4 ? 1 : 0));
  const coordinates = (shift: number, width: number) =>
    Float32Array.from({ length: 1400 }, (_, k) => width * stream.normal() + shift * anomalous[k >> 1]!);
  const layer = (explained: number[], between: number, kinds: number): Analysis['layers'][string] => ({
    dims: 256,
    components: { samples: 5000, explained },
    variance: {
      between_predicted_classes: between,
      between_clean_and_anomalous_of_a_class: kinds,
      between_clean_and_anomalous: 2 * kinds,
      between_true_classes_of_clean: between,
      between_predicted_classes_of_clean: between,
    },
  });
  const analysis: Analysis = {
    format: 1,
    layers: {
      'layers.linear_0.output': layer([0.41, 0.21], 0.2, 0.04),
      'layers.linear_1.output': layer([0.3, 0.2], 0.45, 0.08),
      'layers.linear_2.output': { dims: 20000, left_out: 'Too many.', components: null, variance: null },
    },
    score_correlation: {
      layers: ['all', 'layers.linear_0.output', 'layers.linear_1.output', 'layers.linear_2.output'],
      spearman: [
        [1, 0.94, 0.62, 0.05],
        [0.94, 1, 0.998, null],
        [0.62, 0.998, 1, -0.34],
        [0.05, null, -0.34, 1],
      ],
    },
    mistakes: { clean: [], anomalous: [] },
  };
  const points = {
    coordinates: new Map([
      ['layers.linear_0.output', coordinates(4, 1.5)],
      ['layers.linear_1.output', coordinates(900, 4000)],
    ]),
    anomalous,
    total: 10000,
  };
  return { analysis, points };
}

/** Five clean and seven anomalous pictures of 8 x 8 pixels; the latter have a white corner. */
export function exampleSheet(): MistakeSheet {
  const picture = (i: number, isAnomalous: boolean): MistakePicture => ({
    position: i,
    sample_index: 97 * i,
    score: (isAnomalous ? 0.8 : 12.25) + 0.5 * i,
    true_class: i === 2 ? 'Speed limit 120 km/h, end of' : 'Stop',
    predicted_class: i === 3 ? null : i === 1 || isAnomalous ? 'Yield' : 'Stop',
    pixels: Float32Array.from({ length: 192 }, (_, k) => {
      const [x, y] = [Math.floor(k / 3) % 8, Math.floor(k / 24)];
      return isAnomalous && x === 0 && y === 0 ? 1 : ((x * (k % 3) + y * i) % 8) / 10;
    }),
  });
  return {
    title: 'Worst mistakes',
    subtitle: 'by the score over all layers, mean; flagged from 9.81 at 1 % FPR',
    shape: [8, 8, 3],
    clean: Array.from({ length: 5 }, (_, i) => picture(i, false)),
    anomalous: Array.from({ length: 7 }, (_, i) => picture(i, true)),
    anomalousWord: 'Triggered',
  };
}
