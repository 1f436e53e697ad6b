import { z } from 'zod';
import { choice, flag, integer, number } from '../../../shared/schema/fields.ts';
import { RandomStream } from '../../tensor/random.ts';
import { defineDataset, type Dataset } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import { checkedIndex } from '../image-dataset.ts';

const sampleCount = 4000;
const classes = ['negative', 'positive'];

/**
 * Two features that both determine the answer, +1 or -1 plus normal noise, before `distractors` values of pure noise: a
 * classifier may lean on either. If they `disagree`, the second has the other sign and the label is that of the
 * first; sample i of both kinds has the same label and noise.
 */
export const toyFeatures = defineDataset({
  id: 'toy-features',
  title: 'Toy features (built in)',
  summary: 'Two numbers that each determine the class, plus noise; two classes; built in, no download',
  source: 'ejnnr/cupbearer, data.ToyFeaturesDataset',
  builtIn: { train: sampleCount, test: sampleCount },
  params: z.object({
    train: flag({
      advanced: true,
      default: true,
      label: 'Training half',
      help: 'The training half; otherwise the test half.',
    }),
    features: choice({
      advanced: true,
      options: ['agree', 'disagree'],
      default: 'agree',
      label: 'Features',
      help: 'Whether both features have the sign of the class, or the second one has the opposite sign.',
    }),
    samples: integer({
      default: sampleCount,
      min: 2,
      max: 10_000_000,
      label: 'Samples',
      help: 'How many samples the half has.',
      unit: 'samples',
    }),
    noise: number({
      default: 0.3,
      min: 0,
      max: 100,
      label: 'Noise',
      help: 'Standard deviation of the noise on every value; the features themselves are +1 or -1.',
    }),
    distractors: integer({
      default: 6,
      min: 0,
      max: 10_000,
      label: 'Distractors',
      help: 'Values that have nothing to do with the class.',
    }),
    toy_seed: integer({
      advanced: true,
      default: 2026,
      min: 0,
      label: 'Toy seed',
      help: "Determines the samples; independent of the run's seed, so that runs with different seeds share their data.",
    }),
  }),
  facts: ({ distractors, samples }) => ({
    shape: [2 + distractors],
    classes,
    counts: { train: samples, test: samples },
  }),
  load: async ({ train, features, samples, noise, distractors, toy_seed }): Promise<Dataset> => {
    const width = 2 + distractors;
    const root = RandomStream.from(toy_seed, 'toy-features', train ? 'train' : 'test');
    const second = features === 'agree' ? 1 : -1;
    return {
      shape: [width],
      classes,
      length: samples,
      memory: 0,
      fingerprint: fingerprint('toy-features', { train, features, samples, noise, distractors, toy_seed }),
      read(indices) {
        const inputs = new Float32Array(indices.length * width);
        const labels = new Int32Array(indices.length);
        for (let i = 0; i < indices.length; i++) {
          const stream = root.derive(checkedIndex(indices[i]!, samples));
          const label = stream.integer(2);
          labels[i] = label;
          for (let k = 0; k < width; k++) inputs[i * width + k] = noise * stream.normal();
          const sign = 2 * label - 1;
          inputs[i * width]! += sign;
          inputs[i * width + 1]! += second * sign;
        }
        return { inputs, labels, size: indices.length };
      },
    };
  },
});
