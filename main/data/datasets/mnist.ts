import { join } from 'node:path';
import { z } from 'zod';
import { defaultAugmentation } from '../transforms/augmentation.ts';
import { defineDataset } from '../dataset.ts';
import { storedFields } from './fields.ts';
import { idxSides } from './idx-sides.ts';
import { prepared } from './prepared.ts';

const classes = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Handwritten digits, 28x28 grey: 60,000 to train and 10,000 to test. */
export const mnist = defineDataset({
  id: 'mnist',
  title: 'MNIST',
  summary: 'Handwritten digits, 28\u00a0×\u00a028 grey, 60\u202f000 + 10\u202f000',
  source: 'LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998',
  usualAccuracy: {
    mlp: { accuracy: 0.984, source: 'Simard, Steinkraus, Platt, ICDAR 2003' },
    cnn: { accuracy: 0.9905, source: 'LeCun et al., 1998, LeNet-5' },
  },
  params: z.object(storedFields),
  facts: (params, dataDir) => ({
    shape: [...(idxSides(params.folder ?? join(dataDir, 'mnist')) ?? [28, 28]), 1],
    classes,
  }),
  async load(params, context) {
    const { loadIdxImages } = await import('./idx-images.ts');
    return prepared(await loadIdxImages('mnist', classes, params, context), params, defaultAugmentation, context);
  },
});
