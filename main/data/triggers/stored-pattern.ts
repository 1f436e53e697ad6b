import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';

/** Under which name a trigger's pattern is stored with a model. */
const patternName = 'pattern';

/** The state that keeps a pattern `shape` with a model, so that a changed or lost picture file does not change it. */
export function patternState(pattern: Float32Array, shape: readonly number[]): TensorMap {
  return { [patternName]: { shape: [...shape], data: pattern.slice() } };
}

/**
 * The pattern stored with a model; undefined if there is none.
 * @throws CupbearerError `usage` if it has another shape than the parameters ask for.
 */
export function storedPattern(
  state: TensorMap | undefined,
  shape: readonly number[],
  trigger: string,
): Float32Array | undefined {
  const stored = state?.[patternName];
  if (!stored) return undefined;
  if (stored.shape.join() !== shape.join()) {
    throw new CupbearerError(
      'usage',
      `Expected the ${trigger} trigger as stored with the model, of shape [${stored.shape.join(', ')}], found parameters for [${shape.join(', ')}].`,
    );
  }
  return Float32Array.from(stored.data);
}

/**
 * The state with a picture file as pattern `[height, width, channels + 1]`, values 0 to 1, the last of each pixel its
 * opacity. @throws CupbearerError `not-found`, `storage` or `bad-data` if it cannot be read or decoded.
 */
export async function pictureState(path: string, height: number, width: number, channels: number): Promise<TensorMap> {
  // Brings the picture codec along, which the host must not load: it knows triggers, but never decodes.
  const { withPicture } = await import('../pictures/decode-picture.ts');
  const { channelsOf, scaled } = await import('../pictures/picture.ts');
  const pattern = await withPicture(path, (whole) => {
    const picture = scaled(whole, width, height);
    const values = new Float32Array(height * width * (channels + 1));
    for (let pixel = 0; pixel < height * width; pixel++) {
      const at = pixel * (channels + 1);
      channelsOf(picture, pixel, channels).forEach((value, c) => (values[at + c] = value / 255));
      values[at + channels] = picture.pixels[4 * pixel + 3]! / 255;
    }
    return values;
  });
  return patternState(pattern, [height, width, channels + 1]);
}
