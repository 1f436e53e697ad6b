import { number } from '../../../shared/schema/fields.ts';
import { addPattern } from './added-pattern.ts';
import { defineTrigger, imageSize } from './trigger.ts';

/** Adds `amplitude * sin(2 pi * j * cycles / width)` to column j of all channels. */
export const sig = defineTrigger({
  id: 'sig',
  title: 'Sinusoid (SIG)',
  summary: 'Vertical stripes, a sine along each row, hardly visible',
  source: 'Barni, Kallas, Tondi: A new backdoor attack in CNNs by training set corruption, ICIP 2019, arXiv 1902.11237',
  params: {
    amplitude: number({
      default: 0.12,
      min: 0,
      label: 'Amplitude',
      help: "Height of the sine for values of 0 to 1. The paper's 20 to 40 of 255 are 0.08 to 0.16.",
    }),
    cycles: number({
      default: 6,
      min: 0,
      label: 'Cycles',
      help: 'Periods over the width of the image.',
    }),
  },
  create({ amplitude, cycles }, { shape }) {
    const [height, width, channels] = imageSize(shape, 'sig');
    const pattern = new Float32Array(height * width * channels);
    for (let i = 0; i < pattern.length; i++) {
      const column = Math.floor(i / channels) % width;
      pattern[i] = amplitude * Math.sin((2 * Math.PI * column * cycles) / width);
    }
    return {
      spec: { id: 'sig', amplitude, cycles },
      apply: (image) => addPattern(image, pattern),
      state: () => ({}),
    };
  },
});
