import type { TensorMap } from '../../shared/domain/tensors.ts';

/** A sample's activation in float64: an image `[height][width][channels]` or a vector. */
type Image = number[][][];

const relu = (value: number) => Math.max(value, 0);

/** Row-major values as an image. */
export function toImage(
  values: ArrayLike<number>,
  [height, width, channels]: readonly [number, number, number],
): Image {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) =>
      Array.from({ length: channels }, (_, c) => values[(y * width + x) * channels + c]!),
    ),
  );
}

/** `W x + b` with weights `[out, in]` as PyTorch has them. */
function linear(state: TensorMap, name: string, x: readonly number[]): number[] {
  const { shape, data } = state[`${name}.weight`]!;
  const [outputs, inputs] = shape as [number, number];
  return Array.from({ length: outputs }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * data[o * inputs + i]!, state[`${name}.bias`]!.data[o]!),
  );
}

/** Convolution with kernels `[out, in, height, width]` as PyTorch has them, stride 1, zero padding to the same size. */
function conv(state: TensorMap, name: string, x: Image): Image {
  const { shape, data } = state[`${name}.weight`]!;
  const [outputs, inputs, size] = shape as [number, number, number, number];
  const before = Math.floor((size - 1) / 2);
  return x.map((row, y) =>
    row.map((_, column) =>
      Array.from({ length: outputs }, (_, o) => {
        let sum = state[`${name}.bias`]!.data[o]!;
        for (let i = 0; i < inputs; i++)
          for (let ky = 0; ky < size; ky++)
            for (let kx = 0; kx < size; kx++) {
              const value = x[y + ky - before]?.[column + kx - before]?.[i] ?? 0;
              sum += value * data[((o * inputs + i) * size + ky) * size + kx]!;
            }
        return sum;
      }),
    ),
  );
}

/** Maximum over 2 x 2 windows; an odd last row or column is dropped. */
function maxPool(x: Image): Image {
  return Array.from({ length: Math.floor(x.length / 2) }, (_, y) =>
    Array.from({ length: Math.floor(x[0]!.length / 2) }, (_, column) =>
      x[0]![0]!.map((_, c) =>
        Math.max(...[0, 1].flatMap((dy) => [0, 1].map((dx) => x[2 * y + dy]![2 * column + dx]![c]!))),
      ),
    ),
  );
}

/** Logits of the dense layers `<prefix>linear_0, ...` with ReLU between them. */
function dense(state: TensorMap, prefix: string, x: readonly number[]): number[] {
  let value = [...x];
  for (let i = 0; state[`${prefix}linear_${i}.weight`]; i++) {
    value = linear(state, `${prefix}linear_${i}`, i === 0 ? value : value.map(relu));
  }
  return value;
}

/** Logits of an mlp for one image, flattened in PyTorch's order: channel, row, column. */
export function mlpLogits(state: TensorMap, image: Image): number[] {
  const flat = image[0]![0]!.flatMap((_, c) => image.flatMap((row) => row.map((pixel) => pixel[c]!)));
  return dense(state, 'layers.', flat);
}

/** Logits of a cnn for one image. */
export function cnnLogits(state: TensorMap, image: Image): number[] {
  let value = image;
  for (let i = 0; state[`conv_layers.conv_${i}.weight`]; i++) {
    value = maxPool(conv(state, `conv_layers.conv_${i}`, value).map((row) => row.map((pixel) => pixel.map(relu))));
  }
  const pooled = value[0]![0]!.map((_, c) => Math.max(...value.flatMap((row) => row.map((pixel) => pixel[c]!))));
  return dense(state, 'mlp.layers.', pooled);
}

/** Softmax cross-entropy of one sample, natural logarithm. */
export function crossEntropy(logits: readonly number[], label: number): number {
  const largest = Math.max(...logits);
  return largest + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - largest), 0)) - logits[label]!;
}

/** The state in float64, so that a weight can be moved by less than float32 can tell. */
export function toDoubles(state: TensorMap): TensorMap {
  return Object.fromEntries(
    Object.entries(state).map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]),
  );
}
