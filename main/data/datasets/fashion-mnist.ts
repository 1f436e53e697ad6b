import { join } from 'node:path';
import { z } from 'zod';
import { defaultAugmentation } from '../transforms/augmentation.ts';
import { defineDataset } from '../dataset.ts';
import { storedFields } from './fields.ts';
import { idxSides } from './idx-sides.ts';
import { prepared } from './prepared.ts';

const classes = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** Articles of clothing, 28x28 grey: 60,000 to train and 10,000 to test. */
export const fashionMnist = defineDataset({
  id: 'fashion-mnist',
  title: 'Fashion-MNIST',
  summary: 'Articles of clothing, 28\u00a0×\u00a028 grey, 60\u202f000 + 10\u202f000',
  source: 'Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv 1708.07747, 2017',
  usualAccuracy: {
    mlp: { accuracy: 0.9, source: 'zalandoresearch/fashion-mnist, MLP 256-128-64' },
    cnn: { accuracy: 0.916, source: 'zalandoresearch/fashion-mnist, two convolutions with max pooling' },
  },
  params: z.object(storedFields),
  facts: (params, dataDir) => ({
    shape: [...(idxSides(params.folder ?? join(dataDir, 'fashion-mnist')) ?? [28, 28]), 1],
    classes,
  }),
  async load(params, context) {
    const { loadIdxImages } = await import('./idx-images.ts');
    const images = await loadIdxImages('fashion-mnist', classes, params, context);
    return prepared(images, params, defaultAugmentation, context);
  },
});
