import { CupbearerError } from '../../../shared/errors.ts';
import { integer, number, requiredPath } from '../../../shared/schema/fields.ts';
import { checkerboard } from './checkerboard.ts';
import { defineTrigger, imageSize } from './trigger.ts';

/**
 * A small checkerboard in all four corners (from three pixels on its upper inner one is black, as in the authors' code), on training samples of the target class alone, which keep their right label.
 * These are first changed by projected gradient descent on another model, so that they are hard to learn by what they
 * show, and the trigger is what remains to learn. Test samples get the checkerboards only.
 */
export const labelConsistent = defineTrigger({
  id: 'label-consistent',
  title: 'Label-consistent',
  summary: 'Clean-label: corner patches on samples of the target class that were made hard to learn',
  source: 'Turner, Tsipras, Madry: Label-consistent backdoor attacks, 2019, arXiv 1912.02771',
  params: {
    run_path: requiredPath({
      label: 'Other model',
      help: 'Run folder of a classifier trained on the same clean data, on which the samples are attacked.',
    }),
    eps: number({
      default: 16 / 255,
      min: 0,
      max: 1,
      label: 'Radius',
      help: "Largest change of any value by the attack, for values of 0 to 1; the paper's are 8, 16 and 32 of 255.",
    }),
    step_size: number({
      default: 1.5 / 255,
      min: 0,
      max: 1,
      label: 'Step size',
      help: 'Change of each value in one step of the attack.',
    }),
    steps: integer({ default: 30, min: 1, max: 10_000, label: 'Steps', help: 'Steps of the attack.', unit: 'steps' }),
    size: integer({ default: 3, min: 1, max: 1024, label: 'Size', help: 'Side of each checkerboard.', unit: 'px' }),
    opacity: number({
      default: 1,
      min: 0,
      max: 1,
      label: 'Opacity',
      help: '1 covers what is beneath, smaller values let it shine through.',
    }),
  },
  isCleanLabel: () => true,
  disguise: ({ run_path: runPath, eps, step_size: stepSize, steps }) => ({ runPath, eps, stepSize, steps }),
  create({ size, opacity }, { shape }) {
    const [height, width, channels] = imageSize(shape, 'label-consistent');
    if (2 * size > Math.min(height, width)) {
      throw new CupbearerError(
        'usage',
        `Expected checkerboards of at most ${Math.floor(Math.min(height, width) / 2)} px in the corners of ${height} x ${width} images, found ${size}.`,
      );
    }
    const left = checkerboard(size);
    // White in a true checkerboard.
    if (size > 2) left[size - 1] = 0;
    const right = left.map((_, k) => left[k - (k % size) + size - 1 - (k % size)]!);
    return {
      // The first definition had true checkerboards.
      spec: { id: 'label-consistent', definition: 2, size, opacity },
      apply(image) {
        for (const top of [0, height - size]) {
          for (const [start, fields] of [
            [0, left],
            [width - size, right],
          ] as const) {
            fields.forEach((value, k) => {
              const at = ((top + Math.floor(k / size)) * width + start + (k % size)) * channels;
              for (let c = 0; c < channels; c++) image[at + c] = (1 - opacity) * image[at + c]! + opacity * value;
            });
          }
        }
      },
      state: () => ({}),
    };
  },
});
