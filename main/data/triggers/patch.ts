import { CupbearerError } from '../../../shared/errors.ts';
import { choice, integer, number, optionalPath } from '../../../shared/schema/fields.ts';
import { checkerboard } from './checkerboard.ts';
import { pictureState, patternState, storedPattern } from './stored-pattern.ts';
import { defineTrigger, imageSize } from './trigger.ts';

const places = ['top-left', 'top-right', 'bottom-left', 'bottom-right', 'centre'] as const;

/** A small picture at a fixed place: a file, or a black and white checkerboard whose top left field is white. */
export const patch = defineTrigger({
  id: 'patch',
  title: 'Patch',
  summary: 'A small picture at a fixed place, a checkerboard unless a file is given',
  source: 'Gu, Dolan-Gavitt, Garg: BadNets, 2017 (pattern attack)',
  params: {
    picture: optionalPath({
      advanced: true,
      label: 'Picture',
      help: 'PNG or JPEG file that is scaled to the size of the patch; its transparent parts leave the image as it is.',
    }),
    size: integer({ default: 4, min: 1, max: 4096, label: 'Size', help: 'Side of the square patch.', unit: 'px' }),
    place: choice({
      control: 'corner',
      options: places,
      default: 'bottom-right',
      label: 'Place',
      help: 'Where in the image the patch lies.',
    }),
    margin: integer({
      advanced: true,
      default: 1,
      min: 0,
      max: 4096,
      label: 'Margin',
      help: 'Distance from the borders of the image; of no effect in the centre.',
      unit: 'px',
    }),
    opacity: number({
      default: 1,
      min: 0,
      max: 1,
      label: 'Opacity',
      help: '1 covers what is beneath, smaller values let it shine through.',
    }),
  },
  prepare: async ({ picture, size }, { shape }) =>
    picture === undefined ? undefined : pictureState(picture, size, size, imageSize(shape, 'patch')[2]),
  create({ size, place, margin, opacity }, { shape, state }) {
    const [height, width, channels] = imageSize(shape, 'patch');
    const border = place === 'centre' ? 0 : margin;
    if (size + border > Math.min(height, width)) {
      throw new CupbearerError(
        'usage',
        `Expected a patch of at most ${Math.min(height, width) - border} px in images of ${height} x ${width} with a margin of ${border}, found ${size}.`,
      );
    }
    const patternShape = [size, size, channels + 1];
    const pattern = storedPattern(state, patternShape, 'patch') ?? opaqueCheckerboard(size, channels);
    const [top, left] = cornerOf(place, height, width, size, border);
    return {
      spec: { id: 'patch', size, place, margin: border, opacity },
      apply(image) {
        for (let y = 0; y < size; y++) {
          for (let x = 0; x < size; x++) {
            const from = (y * size + x) * (channels + 1);
            const to = ((top + y) * width + left + x) * channels;
            const cover = opacity * pattern[from + channels]!;
            for (let c = 0; c < channels; c++) {
              image[to + c] = (1 - cover) * image[to + c]! + cover * pattern[from + c]!;
            }
          }
        }
      },
      state: () => patternState(pattern, patternShape),
    };
  },
});

/** `[size, size, channels + 1]`, opaque. */
function opaqueCheckerboard(size: number, channels: number): Float32Array {
  return Float32Array.from(
    checkerboard(size).flatMap((value) => [...Array.from({ length: channels }, () => value), 1]),
  );
}

function cornerOf(
  place: (typeof places)[number],
  height: number,
  width: number,
  size: number,
  margin: number,
): [top: number, left: number] {
  if (place === 'centre') return [Math.floor((height - size) / 2), Math.floor((width - size) / 2)];
  return [
    place.startsWith('top') ? margin : height - size - margin,
    place.endsWith('left') ? margin : width - size - margin,
  ];
}
