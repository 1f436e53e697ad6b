import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { allLayers, type Evaluation } from '../../shared/domain/evaluation.ts';

/** How far the anomalous scores of a layer stand from the clean ones, in standard deviations of their logarithm. */
export interface ExampleLayer {
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
  const metrics = Object.entries(all).map(([name, values]) => [name, evaluateScores(values, labels, { seed: 0 })]);
  return { layers: Object.fromEntries(metrics) as Evaluation['layers'], about: {} };
}
