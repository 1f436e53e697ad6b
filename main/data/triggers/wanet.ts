import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { integer, number, optionalInteger } from '../../../shared/schema/fields.ts';
import { RandomStream } from '../../tensor/random.ts';
import { defineTrigger, imageSize, type TriggerContext } from './trigger.ts';
import { displacementField, randomControlGrid, warp } from './warping.ts';
import { parameter, worded } from '../../../shared/wording.ts';
import { numbered } from '../../../shared/format.ts';

/** Under which name the control grid is stored with a model: float32 `[2, k, k]`, without strength. */
const gridName = 'control_grid';

/**
 * A smooth warp of the whole image by a fixed random field.
 *
 * The field: a control grid of k x k points, uniform over -1 to 1, divided by its
 * mean absolute value, enlarged to the image, times strength / height in coordinates that run from -1 to 1 between the
 * centres of the outer pixels, as in the authors' code: s (H - 1) / 2H pixels in a square image. `grid_rescale` scales the sampling grid about the image's
 * centre, as in the paper; the seed library scales it about the corner.
 */
export const wanet = defineTrigger({
  id: 'wanet',
  title: 'WaNet warp',
  summary: 'A smooth, hardly visible warp of the whole image by a fixed random field',
  source: 'Nguyen, Tran: WaNet - Imperceptible warping-based backdoor attack, ICLR 2021',
  params: {
    p_noise: number({
      advanced: true,
      default: 0,
      min: 0,
      max: 1,
      label: 'Noise share',
      help: 'Share of the samples that is warped by the field and random noise and keeps its label (the noise mode).',
    }),
    control_grid_width: integer({
      advanced: true,
      default: 4,
      min: 2,
      max: 1024,
      label: 'Control grid',
      help: 'Points on each side of the control grid; more give a finer warp.',
    }),
    warping_strength: number({
      default: 0.5,
      min: 0,
      label: 'Strength',
      help: 'About twice the mean displacement of the control points: s (H - 1) / 2H in images of H pixels.',
      unit: 'px',
    }),
    grid_rescale: number({
      advanced: true,
      default: 1,
      min: 0,
      label: 'Grid rescale',
      help: 'Scales the sampling grid about the centre; slightly below 1 keeps it inside the image.',
    }),
    field_seed: optionalInteger({
      advanced: true,
      min: 0,
      label: 'Field seed',
      help: "Draws the field from this seed; by default uses the field stored with the model, or else draws it from the run's seed.",
    }),
  },
  create(params, context) {
    const { p_backdoor, p_noise, control_grid_width, warping_strength, grid_rescale } = params;
    const [height, width, channels] = imageSize(context.shape, 'wanet');
    if (p_backdoor + p_noise > 1) {
      throw new CupbearerError(
        'usage',
        `Expected shares of poisoned and of decoy samples of together at most 1, found ${p_backdoor} and ${p_noise}.`,
      );
    }
    const grid = controlGrid(control_grid_width, params.field_seed, context);
    const strengths = [width, height].map((size) => (warping_strength * (size - 1)) / (2 * height));
    const field = displacementField(grid, control_grid_width, height, width, strengths, grid_rescale);
    const noisy = new Float64Array(field.length);
    const scratch = new Float32Array(height * width * channels);
    return {
      // The first definition moved by half the strength itself.
      spec: { id: 'wanet', definition: 2, control_grid_width, warping_strength, grid_rescale },
      apply: (image) => warp(image, field, height, width, channels, scratch),
      decoy(image, stream) {
        // Up to one pixel either way as in the seed library; the paper's own code adds half as much.
        for (let k = 0; k < field.length; k++) noisy[k] = field[k]! + 2 * stream.uniform() - 1;
        warp(image, noisy, height, width, channels, scratch);
      },
      state: (): TensorMap => ({
        [gridName]: { shape: [2, control_grid_width, control_grid_width], data: grid.slice() },
      }),
    };
  },
});

/** The field that was asked for, else the one stored with the model, else that of the run's seed. */
function controlGrid(side: number, fieldSeed: number | undefined, { seed, state }: TriggerContext): Float32Array {
  if (fieldSeed !== undefined) return randomControlGrid(side, RandomStream.from(fieldSeed, 'wanet'));
  const stored = state?.[gridName];
  if (!stored) return randomControlGrid(side, RandomStream.from(seed, 'wanet'));
  const { shape, data } = stored;
  if (shape.length !== 3 || shape[0] !== 2 || shape[1] !== shape[2] || data.length !== 2 * shape[1]! * shape[2]!) {
    throw new CupbearerError(
      'bad-data',
      `Expected a stored control grid of shape [2, k, k], found [${shape.join(', ')}] with ${numbered(data.length, 'value')}.`,
    );
  }
  if (shape[1] !== side) {
    throw new CupbearerError(
      'usage',
      `Expected a control grid of width ${shape[1]!}, that of the field stored with the model, found ${side}.`,
      { hint: worded`Set ${parameter('task.backdoor.field_seed')} to draw a new field of another width.` },
    );
  }
  return Float32Array.from(data);
}
