import { choice } from '../../../shared/schema/fields.ts';
import { defineTrigger, imageSize } from './trigger.ts';

/** One marked pixel in a corner: white in grey images, red in colour images. */
export const corner = defineTrigger({
  id: 'corner',
  title: 'Corner pixel',
  summary: 'One pixel in a corner, white in grey images and red in colour images',
  source: 'Gu, Dolan-Gavitt, Garg: BadNets, 2017 (single-pixel attack)',
  params: {
    corner: choice({
      control: 'corner',
      options: ['top-left', 'top-right', 'bottom-left', 'bottom-right'],
      default: 'top-left',
      label: 'Corner',
      help: 'Which corner is marked.',
    }),
  },
  create(params, { shape }) {
    const [height, width, channels] = imageSize(shape, 'corner');
    const y = params.corner.startsWith('bottom') ? height - 1 : 0;
    const x = params.corner.endsWith('right') ? width - 1 : 0;
    const at = (y * width + x) * channels;
    return {
      spec: { id: 'corner', corner: params.corner },
      apply(image) {
        image.fill(0, at, at + channels);
        image[at] = 1;
      },
      state: () => ({}),
    };
  },
});
