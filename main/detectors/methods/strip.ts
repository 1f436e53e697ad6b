import * as tf from '@tensorflow/tfjs-core';
import { flag, integer, number } from '../../../shared/schema/fields.ts';
import { checkNotCancelled } from '../../data/cancellation.ts';
import type { Network } from '../../models/network.ts';
import { defineDetector, floats, networkOf, numberOf, outputLayer, type FeatureStream } from '../detector.ts';
import { inputsOf } from '../parts/predictions.ts';
import { checkCount } from '../parts/rows.ts';

/** Blended images that run through the network at once. */
const BLOCK = 2000;

/**
 * STRIP: trusted images are laid over the input, and the entropy (bits) of the network's predictions for the blends is
 * averaged (Gao et al., equations 3 and 4). A trigger survives the blending and keeps the prediction certain, so *low*
 * entropy is suspicious: the score is minus the mean entropy, under the name `output`.
 *
 * Images are added pixel by pixel with weight 1 each, as in the authors' code. The paper draws new images for every
 * input; here they are drawn once, when the detector is fitted, so that a score depends on its input alone.
 */
export const strip = defineDetector({
  id: 'strip',
  title: 'STRIP',
  summary: 'Predictions that stay certain when other images are laid over the input',
  source: 'Gao et al., ACSAC 2019, arXiv 1902.06531',
  needs: { trusted: true, inputs: true, images: true, layers: 0 },
  params: {
    overlays: integer({
      label: 'Overlays',
      help: 'Trusted images laid over each input; all of them where there are fewer',
      unit: 'images',
      default: 100,
      min: 1,
      max: 10_000,
    }),
    input_weight: number({ label: 'Weight of the input', help: 'In the sum', default: 1, min: 0, max: 1 }),
    overlay_weight: number({ label: 'Weight of the overlay', help: 'In the sum', default: 1, min: 0, max: 1 }),
    clip: flag({ label: 'Clip', help: 'Cut the sum off at 1, the brightest value', default: false }),
  },

  async fit({ trusted }, params, context) {
    const { stream } = context;
    const network = networkOf(context);
    const { inputShape } = network.spec;
    checkCount(trusted, 1);
    const count = Math.min(params.overlays, trusted.length);
    const chosen = stream.derive('overlays').permutation(trusted.length).subarray(0, count);
    const data = await inputsAt(trusted, chosen, network);
    const { input_weight, overlay_weight, clip } = params;
    return {
      tensors: { overlays: { shape: [count, ...inputShape], data } },
      values: { input_weight, overlay_weight, clip: clip ? 1 : 0 },
    };
  },

  async score(state, batch, context) {
    const { signal } = context;
    const network = networkOf(context);
    const overlays = floats(state, 'overlays');
    const blend = {
      input: numberOf(state, 'input_weight'),
      overlay: numberOf(state, 'overlay_weight'),
      largest: numberOf(state, 'clip') === 1 ? 1 : Infinity,
    };
    const inputs = inputsOf(batch);
    const size = sizeOf(network);
    const perInput = overlays.length / size;
    const scores = new Float64Array(batch.size);
    const inputsAtOnce = Math.max(1, Math.floor(BLOCK / perInput));
    for (let from = 0; from < batch.size; from += inputsAtOnce) {
      checkNotCancelled(signal, 'Scoring');
      const to = Math.min(batch.size, from + inputsAtOnce);
      const blended = new Float32Array((to - from) * overlays.length);
      for (let i = from; i < to; i++) {
        for (let at = 0; at < overlays.length; at++) {
          const value = blend.input * inputs[i * size + (at % size)]! + blend.overlay * overlays[at]!;
          blended[(i - from) * overlays.length + at] = Math.min(value, blend.largest);
        }
      }
      const rows = (to - from) * perInput;
      const logits = tf.tidy(() => network.forward(tf.tensor(blended, [rows, ...network.spec.inputShape])));
      const entropies = rowEntropies(await logits.data<'float32'>(), rows);
      logits.dispose();
      for (let row = 0; row < rows; row++) scores[from + Math.floor(row / perInput)]! -= entropies[row]! / perInput;
    }
    return new Map([[outputLayer, scores]]);
  },
});

function sizeOf({ spec }: Network): number {
  return spec.inputShape.reduce((product, length) => product * length, 1);
}

/** The inputs of the stream at the positions given, one after the other. */
async function inputsAt(stream: FeatureStream, positions: Int32Array, network: Network): Promise<Float32Array> {
  const size = sizeOf(network);
  const placeOf = new Map([...positions].map((position, place) => [position, place]));
  const inputs = new Float32Array(positions.length * size);
  let position = 0;
  for await (const batch of stream.batches()) {
    for (let i = 0; i < batch.size; i++, position++) {
      const place = placeOf.get(position);
      if (place !== undefined) inputs.set(inputsOf(batch).subarray(i * size, (i + 1) * size), place * size);
    }
  }
  return inputs;
}

/** Entropy of the softmax of each row `[n, classes]`, bits. */
function rowEntropies(logits: Float32Array, n: number): Float64Array {
  const classes = logits.length / n;
  return Float64Array.from({ length: n }, (_, row) => {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    let largest = -Infinity;
    for (const value of z) largest = Math.max(largest, value);
    let sum = 0;
    let weighted = 0;
    for (const value of z) {
      const share = Math.exp(value - largest);
      sum += share;
      weighted += share * (value - largest);
    }
    return (Math.log(sum) - weighted / sum) / Math.LN2;
  });
}
