import { CupbearerError } from '../../../shared/errors.ts';
import { sizeOf } from '../network-outline.ts';
import type { OnnxModel, Preprocessing } from './description.ts';
import type { OnnxGraph } from './graph.ts';
import { Resizer } from './resize.ts';
import type { OnnxRuntime, OnnxTensor, TensorData } from './runtime.ts';

/** Inputs of text models beside the tokens, and what stands there for a token. */
const beside: Readonly<Record<string, (position: number) => number>> = {
  attention_mask: () => 1,
  token_type_ids: () => 0,
  position_ids: (position) => position,
};

const floats = ['float32', 'float16', 'float64'];
const integers = ['int32', 'int64'];

/** What of a model's description says how its inputs are made. */
export type InputSpec = Pick<OnnxModel, 'input_shape' | 'preprocessing' | 'vocabulary'> & {
  graph: Pick<OnnxModel['graph'], 'input' | 'input_axes'>;
};

/** Makes the inputs of a graph from samples as datasets have them. */
export class GraphInput {
  readonly #spec: InputSpec;
  readonly #runtime: OnnxRuntime;
  readonly #type: string;
  /** Inputs beside the tokens, with their types. */
  readonly #others: readonly { name: string; type: string }[];
  readonly #width: number;
  readonly #resizer: Resizer | undefined;
  readonly #steps: Preprocessing | undefined;

  /** @throws CupbearerError `bad-data` for a graph whose inputs cannot be made of such samples. */
  constructor(spec: InputSpec, graph: OnnxGraph, runtime: OnnxRuntime, file: string) {
    this.#spec = spec;
    this.#runtime = runtime;
    const main = graph.inputs.find(({ name }) => name === spec.graph.input);
    if (!main) throw new CupbearerError('bad-data', `"${file}": there is no input "${spec.graph.input}".`);
    this.#type = checkedType(main.name, main.type, spec.vocabulary === undefined ? floats : integers, file);
    this.#others = graph.inputs
      .filter(({ name }) => name !== main.name)
      .map(({ name, type }) => {
        if (spec.vocabulary !== undefined && name in beside)
          return { name, type: checkedType(name, type, integers, file) };
        throw new CupbearerError('bad-data', `"${file}" wants more than samples: the input "${name}".`, {
          hint: `Export the model with one input; with tokens, ${Object.keys(beside).join(', ')} may stand beside them.`,
        });
      });
    this.#width = sizeOf(spec.graph.input_axes);
    this.#steps = spec.preprocessing;
    const steps = this.#steps;
    const picture = spec.input_shape;
    if (steps && steps.resize !== 'none' && picture.length === 3) {
      this.#resizer = new Resizer(picture as [number, number, number], sideOf(spec.graph.input_axes, steps), steps);
    }
  }

  /** The graph's inputs for `size` samples, `[size, ...input_shape]`. */
  of(inputs: Float32Array, size: number): Record<string, OnnxTensor> {
    const { input, input_axes: axes } = this.#spec.graph;
    const dims = [size, ...axes];
    if (!this.#steps) {
      const length = axes[0] ?? 1;
      const made = { [input]: this.#tensor(this.#type, inputs, dims) };
      for (const { name, type } of this.#others) {
        const values = Float32Array.from({ length: size * length }, (_, i) => beside[name]!(i % length));
        made[name] = this.#tensor(type, values, [size, length]);
      }
      return made;
    }
    const values = new Float32Array(size * this.#width);
    const own = inputs.length / size;
    for (let i = 0; i < size; i++) {
      this.prepare(inputs.subarray(i * own, (i + 1) * own), values.subarray(i * this.#width, (i + 1) * this.#width));
    }
    return { [input]: this.#tensor(this.#type, values, dims) };
  }

  /** Writes what one sample becomes, in the layout of the graph, into `target`. */
  prepare(sample: Float32Array, target: Float32Array): void {
    const steps = this.#steps!;
    const shape = this.#spec.input_shape;
    const isPicture = shape.length === 3;
    const channels = isPicture ? channelsOf(this.#spec.graph.input_axes, steps, shape) : 1;
    const [height, width] = isPicture
      ? sideOrOwn(this.#spec.graph.input_axes, steps, shape, channels)
      : [1, this.#width];
    const from = isPicture ? shape[2]! : 1;
    let picture = sample;
    if (this.#resizer) {
      picture = new Float32Array(height * width * from);
      this.#resizer.resize(sample, picture);
    }
    const [low, high] = steps.value_range;
    const area = height * width;
    for (let c = 0; c < channels; c++) {
      // A grey picture is the same in each channel.
      const source = from === 1 ? 0 : steps.channel_order === 'bgr' ? channels - 1 - c : c;
      const mean = steps.mean[c % steps.mean.length]!;
      const std = steps.std[c % steps.std.length]!;
      for (let i = 0; i < area; i++) {
        const value = (low + picture[i * from + source]! * (high - low) - mean) / std;
        target[steps.layout === 'nchw' ? c * area + i : i * channels + c] = value;
      }
    }
  }

  #tensor(type: string, values: Float32Array, dims: readonly number[]): OnnxTensor {
    return this.#runtime.tensor(type, converted(type, values), dims);
  }
}

function checkedType(name: string, type: string | undefined, expected: readonly string[], file: string): string {
  if (type !== undefined && expected.includes(type)) return type;
  throw new CupbearerError(
    'bad-data',
    `"${file}": expected the input "${name}" to be of ${expected.join(', ')}, found ${type ?? 'no tensor'}.`,
    {
      hint:
        expected === floats
          ? 'Of a model of texts, say how many tokens there are: --vocabulary.'
          : 'Of a model of images, leave --vocabulary out.',
    },
  );
}

function converted(type: string, values: Float32Array): TensorData {
  if (type === 'float32') return values;
  if (type === 'float64') return Float64Array.from(values);
  if (type === 'int32') return Int32Array.from(values);
  if (type === 'int64') return BigInt64Array.from(values, (value) => BigInt(Math.round(value)));
  return Uint16Array.from(values, toHalf);
}

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The bits of the nearest float16 (IEEE 754 binary16), halves to even. */
export function toHalf(value: number): number {
  single[0] = value;
  const whole = bits[0]!;
  const sign = (whole >>> 16) & 0x8000;
  const exponent = (whole >>> 23) & 255;
  const fraction = whole & 0x7fffff;
  if (exponent === 255) return sign | 0x7c00 | (fraction === 0 ? 0 : 512);
  // Below the smallest normal number the fraction is shifted out, with the leading 1 that is not written.
  const shift = exponent < 113 ? 126 - exponent : 13;
  if (shift > 24) return sign;
  const kept = exponent < 113 ? fraction | 0x800000 : ((exponent - 112) << 23) | fraction;
  const half = 2 ** (shift - 1);
  const rest = kept % 2 ** shift;
  const down = Math.floor(kept / 2 ** shift);
  const result = rest > half || (rest === half && down % 2 === 1) ? down + 1 : down;
  return sign | Math.min(result, 0x7c00);
}

/** Height and width of the pictures that a graph takes. */
export function sideOf(axes: readonly number[], { layout }: Pick<Preprocessing, 'layout'>): [number, number] {
  const sides = axes.length === 2 ? axes : layout === 'nchw' ? axes.slice(1) : axes.slice(0, 2);
  return [sides[0]!, sides[1]!];
}

/** How many channels a graph takes; of one that takes vectors, as many as the picture has. */
export function channelsOf(
  axes: readonly number[],
  { layout }: Pick<Preprocessing, 'layout'>,
  picture: readonly number[],
): number {
  if (axes.length === 1) return picture[2]!;
  if (axes.length === 2) return 1;
  return layout === 'nchw' ? axes[0]! : axes[2]!;
}

function sideOrOwn(
  axes: readonly number[],
  steps: Preprocessing,
  [height, width]: readonly number[],
  channels: number,
): [number, number] {
  if (axes.length > 1) return sideOf(axes, steps);
  return axes[0] === height! * width! * channels ? [height!, width!] : [1, Math.floor(axes[0]! / channels)];
}
