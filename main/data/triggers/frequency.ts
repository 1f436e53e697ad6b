import { CupbearerError } from '../../../shared/errors.ts';
import { choice, integer, integers, number } from '../../../shared/schema/fields.ts';
import { addPattern } from './added-pattern.ts';
import { defineTrigger, imageSize } from './trigger.ts';
import { numbered } from '../../../shared/format.ts';

/** The window to which the paper's bins refer. */
const referenceWindow = 32;

/**
 * What one unit of either chrominance adds to red, green and blue: of U and V (ITU-R BT.601), or of Cb and Cr, whose
 * scale is another.
 */
const chrominances = {
  yuv: [
    [0, -0.395, 2.032],
    [1.14, -0.581, 0],
  ],
  ycrcb: [
    [0, -0.344, 1.773],
    [1.403, -0.714, 0],
  ],
} as const;

/**
 * Adds a constant to a few coefficients of the discrete cosine transform (type II, orthonormal) of each window; of the
 * chrominances U and V in colour images, as in the paper (or Cr and Cb, which the authors' code uses), of the
 * brightness in grey ones. The transform is linear, so that this adds a fixed sum of cosines. Bins are counted in
 * windows of 32 as in the paper and scaled to smaller ones.
 */
export const frequency = defineTrigger({
  id: 'frequency',
  title: 'Frequency bins',
  summary: 'A constant added to a few DCT coefficients of each window, hardly visible',
  source: 'Wang, Yao, Xu, An, Tong, Wang: An invisible black-box backdoor attack through frequency domain, ECCV 2022',
  params: {
    bins: integers({
      default: [15, 15, 31, 31],
      min: 0,
      max: referenceWindow - 1,
      atLeast: 2,
      label: 'Bins',
      help: 'Row and column of each coefficient in turn, 0 to 31, in windows of 32 pixels.',
    }),
    magnitude: number({
      default: 0.5,
      min: 0,
      label: 'Magnitude',
      help: "What is added to each coefficient, for values of 0 to 1. The paper's 30 to 100 of 255 are 0.12 to 0.39.",
    }),
    colours: choice({
      advanced: true,
      options: ['yuv', 'ycrcb'],
      titles: { yuv: 'YUV', ycrcb: 'YCrCb' },
      default: 'yuv',
      label: 'Colours',
      help: "Colour space whose two chrominance channels carry the trigger in colour images: YUV as in the paper, or YCrCb as in its authors' code.",
    }),
    window: integer({
      default: referenceWindow,
      min: 2,
      max: 1024,
      label: 'Window',
      help: 'Side of the windows that are transformed; a smaller image is transformed as a whole.',
      unit: 'px',
    }),
  },
  create({ bins, magnitude, window, colours }, { shape }) {
    const [height, width, channels] = imageSize(shape, 'frequency');
    if (bins.length % 2 !== 0) {
      throw new CupbearerError(
        'usage',
        `Expected a row and a column for each bin, found ${numbered(bins.length, 'number')}.`,
      );
    }
    const wave = windowedWave(bins, height, width, Math.min(window, height), Math.min(window, width));
    const weights =
      channels === 3
        ? [0, 1, 2].map((c) =>
            chrominances[colours === 'ycrcb' ? colours : 'yuv'].reduce((sum, colour) => sum + colour[c]!, 0),
          )
        : Array.from({ length: channels }, () => 1);
    const pattern = new Float32Array(height * width * channels);
    for (let i = 0; i < pattern.length; i++) {
      pattern[i] = magnitude * weights[i % channels]! * wave[Math.floor(i / channels)]!;
    }
    return {
      spec: { id: 'frequency', bins, magnitude, window, ...(colours === 'ycrcb' ? { colours } : {}) },
      apply: (image) => addPattern(image, pattern),
      state: () => ({}),
    };
  },
});

/** The sum of the bins' cosines in each whole window, `[height, width]`; zero beside them. */
function windowedWave(bins: readonly number[], height: number, width: number, rows: number, columns: number) {
  const wave = new Float64Array(height * width);
  for (let k = 0; k < bins.length; k += 2) {
    const alongY = cosine(scaledBin(bins[k]!, rows), rows);
    const alongX = cosine(scaledBin(bins[k + 1]!, columns), columns);
    for (let y = 0; y < Math.floor(height / rows) * rows; y++) {
      for (let x = 0; x < Math.floor(width / columns) * columns; x++) {
        wave[y * width + x]! += alongY[y % rows]! * alongX[x % columns]!;
      }
    }
  }
  return wave;
}

/** The highest bin stays the highest. */
function scaledBin(bin: number, size: number): number {
  return Math.round((bin * (size - 1)) / (referenceWindow - 1));
}

/** Basis vector `bin` of the orthonormal DCT-II of `size` values. */
function cosine(bin: number, size: number): Float64Array {
  const scale = Math.sqrt((bin === 0 ? 1 : 2) / size);
  return Float64Array.from({ length: size }, (_, i) => scale * Math.cos((Math.PI * (2 * i + 1) * bin) / (2 * size)));
}
