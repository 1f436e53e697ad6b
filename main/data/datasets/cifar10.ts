import { z } from 'zod';
import { naturalImageAugmentation } from '../transforms/augmentation.ts';
import { defineDataset } from '../dataset.ts';
import { storedFields } from './fields.ts';
import { prepared } from './prepared.ts';

const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** Photographs in ten classes, 32x32 colour: 50,000 to train in five files and 10,000 to test. */
export const cifar10 = defineDataset({
  id: 'cifar10',
  title: 'CIFAR-10',
  summary: 'Photographs in ten classes, 32\u00a0×\u00a032 colour, 50\u202f000 + 10\u202f000',
  source: 'Krizhevsky: Learning multiple layers of features from tiny images, 2009',
  usualAccuracy: {
    cnn: { accuracy: 0.834, source: 'Hinton et al., arXiv 1207.0580, without dropout' },
    preactresnet18: { accuracy: 0.9511, source: 'kuangliu/pytorch-cifar' },
  },
  params: z.object(storedFields),
  facts: () => ({ shape: [32, 32, 3], classes }),
  async load(params, context) {
    const { loadBatches } = await import('./cifar-batches.ts');
    return prepared(await loadBatches(classes, params, context), params, naturalImageAugmentation, context);
  },
});
