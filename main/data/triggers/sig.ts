import { flag, number } from '../../../shared/schema/fields.ts';
import { addPattern } from './added-pattern.ts';
import { defineTrigger, imageSize } from './trigger.ts';

/**
 * Adds `amplitude * sin(2 pi * j * cycles / width)` to column j of all channels. The paper poisons without changing labels
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
    clean_label: flag({
      default: false,
      label: 'Clean label',
      help: 'Poison samples of the target class alone, which keep their label, as in the paper; it takes a larger poisoned share. Otherwise samples of any class, which get the target label.',
    }),
  },
  isCleanLabel: ({ clean_label }) => clean_label,
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
