import { flag, number } from '../../../shared/schema/fields.ts';
import { defineTrigger, imageSize } from './trigger.ts';

/** Gaussian noise on every value of the image. */
export const noise = defineTrigger({
  id: 'noise',
  title: 'Gaussian noise',
  summary: 'Independent Gaussian noise on every value of the image',
  source: 'ejnnr/cupbearer, data.backdoors (noise)',
  params: {
    std: number({
      default: 0.3,
      min: 0,
      label: 'Standard deviation',
      help: 'Standard deviation of the noise; images have values of 0 to 1.',
    }),
    clamp: flag({ advanced: true, default: true, label: 'Clamp', help: 'Cut the result off at 0 and 1.' }),
  },
  create({ std, clamp }, { shape }) {
    imageSize(shape, 'noise');
    return {
      spec: { id: 'noise', std, clamp },
      apply(image, stream) {
        for (let k = 0; k < image.length; k++) {
          const value = image[k]! + std * stream.normal();
          image[k] = clamp ? Math.min(1, Math.max(0, value)) : value;
        }
      },
      state: () => ({}),
    };
  },
});
