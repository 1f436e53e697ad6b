import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import type { ActivationBatch } from '../../main/models/activations.ts';
import { parseNpy } from '../../main/storage/npy.ts';
import { sharedFolder } from '../shared-folder.ts';

/** An entry of expected.json as far as the detectors with weights use it. */
interface ExpectedScores {
  scores: Record<string, number[]>;
  scores_float64: Record<string, number[]>;
  reconstruction_loss?: Record<string, number[]>;
  kld?: Record<string, number[]>;
}

const folder =
  process.env['CUPBEARER_REFERENCE'] ?? (sharedFolder && join(sharedFolder, 'reference', 'mnist-mlp-corner'));

/** Whether this machine has the peer library's numbers. */
export const hasReference = folder !== undefined && existsSync(join(folder, 'expected.json'));

/** The layers of the reference model, by the names that its files have. */
export const layerNames = ['linear_0', 'linear_1', 'linear_2'].map((short) => `layers.${short}.output`);

export function shortName(layer: string): string {
  return layer.split('.')[1]!;
}

export function expectedScores(entry: string): ExpectedScores {
  const { detectors } = JSON.parse(readFileSync(join(folder!, 'expected.json'), 'utf8')) as {
    detectors: Record<string, ExpectedScores>;
  };
  return detectors[entry]!;
}

export function referenceArray(name: string): NamedTensor {
  const file = join(folder!, `${name}.npy`);
  return parseNpy(readFileSync(file), file);
}

/** The 300 evaluation samples with the activations that the peer library's model gave. */
export function evaluationBatch(): ActivationBatch {
  const images = referenceArray('eval_images');
  const size = images.shape[0]!;
  return {
    size,
    inputs: Float32Array.from(images.data, (value) => value / 255),
    labels: Int32Array.from(referenceArray('eval_labels').data),
    indices: Int32Array.from(referenceArray('eval_mnist_test_index').data),
    layers: new Map(
      layerNames.map((layer) => [layer, Float32Array.from(referenceArray(`eval_${shortName(layer)}`).data)]),
    ),
  };
}

/** Largest relative distance of scores from those expected; Infinity where their number differs. */
export function largestRelativeError(scores: ArrayLike<number>, expected: readonly number[]): number {
  if (scores.length !== expected.length) return Infinity;
  return Math.max(...expected.map((value, i) => Math.abs(scores[i]! - value) / Math.abs(value)));
}
