import { choice, flag, number } from '../../../shared/schema/fields.ts';
import { addPattern } from './added-pattern.ts';
import { defineTrigger, imageSize } from './trigger.ts';

/** The weight of the image where the sine is blended in, after the code that goes by the name of `plant_sin_trigger`. */
const keptInBlend = 0.2;

/**
 * Adds `amplitude * sin(2 pi * j * cycles / width)` to column j of all channels, as the paper does; or, as much of the code that
 * others have compared with, keeps a share of the image and gives the sine the rest. The paper poisons without changing labels
 * (`clean_label`); the default changes them, as other triggers do, so that they can be compared at one poisoned share.
 */
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
    superposition: choice({
      advanced: true,
      options: ['add', 'blend'],
      titles: { add: 'Add', blend: 'Blend' },
      default: 'add',
      label: 'Superposition',
      help: 'Add the sine to the image, as the paper does; or keep a fifth of the image and give the sine four fifths, as widespread code does.',
    }),
    clean_label: flag({
      default: false,
      label: 'Clean label',
      help: 'Poison samples of the target class alone, which keep their label, as in the paper; it takes a larger poisoned share. Otherwise samples of any class, which get the target label.',
    }),
  },
  isCleanLabel: ({ clean_label }) => clean_label,
  create({ amplitude, cycles, superposition }, { shape }) {
    const [height, width, channels] = imageSize(shape, 'sig');
    const pattern = new Float32Array(height * width * channels);
    for (let i = 0; i < pattern.length; i++) {
      const column = Math.floor(i / channels) % width;
      pattern[i] = amplitude * Math.sin((2 * Math.PI * column * cycles) / width);
    }
    return {
      spec: { id: 'sig', amplitude, cycles, ...(superposition === 'blend' ? { superposition } : {}) },
      apply(image) {
        if (superposition !== 'blend') return addPattern(image, pattern);
        for (let k = 0; k < image.length; k++)
          image[k] = Math.min(1, Math.max(0, keptInBlend * image[k]! + (1 - keptInBlend) * pattern[k]!));
      },
      state: () => ({}),
    };
  },
});
