import { number, optionalPath } from '../../../shared/schema/fields.ts';
import { RandomStream } from '../../tensor/random.ts';
import { patternState, pictureState, storedPattern } from './stored-pattern.ts';
import { defineTrigger, imageSize } from './trigger.ts';

/** `(1 - blend) image + blend pattern` over the whole image: a picture file, or values drawn once, uniform over 0 to 1. */
export const blended = defineTrigger({
  id: 'blended',
  title: 'Blended',
  summary: 'The whole image blended with a fixed picture, random noise unless a file is given',
  source:
    'Chen, Liu, Li, Lu, Song: Targeted backdoor attacks on deep learning systems using data poisoning, 2017, arXiv 1712.05526',
  params: {
    picture: optionalPath({
      advanced: true,
      label: 'Picture',
      help: 'PNG or JPEG file that is scaled to the size of the images; its transparent parts leave the image as it is.',
    }),
    blend: number({
      control: 'share',
      default: 0.2,
      min: 0,
      max: 1,
      label: 'Blend ratio',
      help: 'Share of the picture in the result.',
    }),
  },
  async prepare({ picture }, { shape }) {
    const [height, width, channels] = imageSize(shape, 'blended');
    return picture === undefined ? undefined : pictureState(picture, height, width, channels);
  },
  create({ blend }, { shape, seed, state }) {
    const [height, width, channels] = imageSize(shape, 'blended');
    const patternShape = [height, width, channels + 1];
    const pattern = storedPattern(state, patternShape, 'blended') ?? randomPattern(height * width, channels, seed);
    return {
      spec: { id: 'blended', blend },
      apply(image) {
        for (let pixel = 0; pixel < height * width; pixel++) {
          const from = pixel * (channels + 1);
          const share = blend * pattern[from + channels]!;
          for (let c = 0; c < channels; c++) {
            const at = pixel * channels + c;
            image[at] = (1 - share) * image[at]! + share * pattern[from + c]!;
          }
        }
      },
      state: () => patternState(pattern, patternShape),
    };
  },
});

function randomPattern(pixels: number, channels: number, seed: number): Float32Array {
  const stream = RandomStream.from(seed, 'blended');
  return Float32Array.from({ length: pixels * (channels + 1) }, (_, i) =>
    i % (channels + 1) === channels ? 1 : stream.uniform(),
  );
}
