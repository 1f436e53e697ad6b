import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor, TensorMap } from '../../shared/domain/tensors.ts';
import { RandomStream } from '../tensor/random.ts';
import { toNamedTensor } from '../tensor/read.ts';
import type { ForwardCall } from './modules.ts';
import { NetworkOutline, sizeOf, type NetworkSpec, type Normalisation } from './network-outline.ts';
import { fittedWeights } from './weights.ts';

/**
 * Sees each layer's input and output by name while a network runs; a tensor that it returns takes the value's place.
 */
type Intervention = (name: string, value: tf.Tensor) => tf.Tensor | undefined;

/** How a batch is run; see {@link Network.forward}. */
interface ForwardOptions {
  training?: boolean;
  weights?: ReadonlyMap<string, tf.Tensor>;
}

/** Ends a forward pass early once everything that was asked for has been seen. */
class EnoughSeen extends Error {}

/** A model with weights: runs on batches, returns the activations of any layer by name, loads and saves its weights. */
export class Network extends NetworkOutline {
  readonly #variables = new Map<string, tf.Variable>();
  readonly #buffers = new Map<string, tf.Variable>();

  /**
   * Builds the network with PyTorch's default initial values, U(-1/sqrt(fan_in), 1/sqrt(fan_in)), from `seed`.
   * @throws CupbearerError `usage` if the architecture does not fit the data.
   */
  constructor(spec: NetworkSpec, seed: number) {
    super(spec);
    const stream = RandomStream.from(seed, 'initial-weights');
    for (const [path, parameter] of this.parameters) {
      const values = new Float32Array(sizeOf(parameter.shape)).fill(parameter.initial ?? 0);
      const own = stream.derive(path);
      const bound = 1 / Math.sqrt(parameter.fanIn);
      if (parameter.initial === undefined) {
        for (let i = 0; i < values.length; i++) values[i] = (2 * own.uniform() - 1) * bound;
      }
      this.#variables.set(
        path,
        tf.tidy(() => tf.variable(tf.tensor(values, parameter.shape), true)),
      );
    }
    for (const [path, { shape, initial }] of this.bufferArrays) {
      this.#buffers.set(
        path,
        tf.tidy(() => tf.variable(tf.fill(shape, initial), false)),
      );
    }
  }

  /** Trainable variables by PyTorch name. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.#variables;
  }

  /**
   * Logits `[n, classes]` of a batch `[n, ...inputShape]`. With `training`, running statistics take the batch into
   * account; else a sample's logits depend on the sample alone. `weights`, by name, replace the network's own.
   */
  forward(x: tf.Tensor, options: ForwardOptions = {}): tf.Tensor2D {
    return this.#run(x, () => undefined, options) as tf.Tensor2D;
  }

  /**
   * The named activations of a batch, each `[n, ...shape]`, in one forward pass that stops after the last one asked
   * for. The caller disposes of them.
   */
  activations(x: tf.Tensor, names: readonly string[]): Record<string, tf.Tensor> {
    for (const name of names) this.activationShape(name);
    const wanted = new Set(names);
    const seen: Record<string, tf.Tensor> = {};
    if (wanted.size === 0) return seen;
    tf.tidy(() => {
      try {
        this.#run(x, (name, value) => {
          if (!wanted.delete(name)) return undefined;
          // An output may be the very tensor that is another layer's input; a clone lets each live on its own.
          seen[name] = tf.keep(tf.clone(value));
          if (wanted.size === 0) throw new EnoughSeen();
          return undefined;
        });
      } catch (error) {
        if (!(error instanceof EnoughSeen)) throw error;
      }
    });
    return seen;
  }

  /**
   * The named activations of a batch as {@link activations} gives them, with the logits `[n, classes]` of the same
   * pass. The caller disposes of both.
   */
  activationsAndLogits(
    x: tf.Tensor,
    names: readonly string[],
  ): { activations: Record<string, tf.Tensor>; logits: tf.Tensor2D } {
    for (const name of names) this.activationShape(name);
    const wanted = new Set(names);
    const activations: Record<string, tf.Tensor> = {};
    const logits = tf.tidy(() =>
      tf.clone(
        this.#run(x, (name, value) => {
          if (wanted.delete(name)) activations[name] = tf.keep(tf.clone(value));
          return undefined;
        }),
      ),
    ) as tf.Tensor2D;
    return { activations, logits };
  }

  /**
   * For each named layer its input and the gradient of `sum(upstream * logits)` with regard to its output, both with
   * the batch's axis first: where `upstream` `[n, classes]` holds the gradient of each sample's own loss, so does the
   * result. The caller disposes of them.
   */
  layerGradients(
    x: tf.Tensor,
    upstream: tf.Tensor2D,
    layers: readonly string[],
  ): { input: tf.Tensor; gradient: tf.Tensor }[] {
    const shapes = layers.map((layer) => this.activationShape(`${layer}.output`));
    const inputs = new Map<string, tf.Tensor>();
    return tf.tidy(() => {
      // The gradient with regard to a value is that with regard to a zero added to it.
      const zeros = shapes.map((shape) => tf.zeros([x.shape[0], ...shape]));
      const gradients = tf.grads((...offsets: tf.Tensor[]) =>
        this.#run(x, (name, value) => {
          const layer = name.slice(0, name.lastIndexOf('.'));
          const at = layers.indexOf(layer);
          if (at === -1) return undefined;
          if (name.endsWith('.output')) return tf.add(value, offsets[at]!);
          inputs.set(layer, tf.keep(tf.clone(value)));
          return undefined;
        }),
      )(zeros, upstream);
      return layers.map((layer, i) => ({ input: inputs.get(layer)!, gradient: tf.keep(gradients[i]!) }));
    });
  }

  /** Runs a batch; what `see` returns for an output replaces it. */
  #run(x: tf.Tensor, see: Intervention, { training = false, weights }: ForwardOptions = {}): tf.Tensor {
    const callAt = (path: string): ForwardCall => ({
      training,
      buffer: (name) => this.#buffers.get(path ? `${path}.${name}` : name)!,
      weight: (name) => {
        const full = path ? `${path}.${name}` : name;
        return weights?.get(full) ?? this.#variables.get(full)!;
      },
      child: (name, module, value) => {
        const childPath = path ? `${path}.${name}` : name;
        const input = see(`${childPath}.input`, value) ?? value;
        const output = module.forward(input, callAt(childPath));
        return see(`${childPath}.output`, output) ?? output;
      },
    });
    return this.root.forward(this.prepared(x), callAt(''));
  }

  /** Returns inputs of 0 to 1 as the model expects them: channels in its order, values in its range, then mean and deviation. */
  prepared(x: tf.Tensor): tf.Tensor {
    const { normalisation, preprocessing: { valueRange, channelOrder } = {} } = this.spec;
    const ordered = channelOrder === 'BGR' ? reversedChannels(x) : x;
    if (!normalisation && !valueRange) return ordered;
    const [low, high] = valueRange ?? [0, 1];
    const channels = x.shape.at(-1)!;
    const { mean, std } = normalisation ?? plain(channels);
    const shift = mean.map((value, channel) => (low - value) / std[channel]!);
    return tf.add(
      tf.mul(
        ordered,
        std.map((value) => (high - low) / value),
      ),
      shift,
    );
  }

  /** The weights in PyTorch's names and layout, float32. */
  async state(): Promise<TensorMap> {
    const state: TensorMap = {};
    for (const [path, variable] of this.#variables) {
      const { toTorch } = this.parameters.get(path)!;
      const torch = tf.tidy(() => tf.transpose(variable as tf.Tensor, toTorch));
      state[path] = await toNamedTensor(torch);
      torch.dispose();
    }
    for (const [path, buffer] of this.#buffers) state[path] = await toNamedTensor(buffer);
    return state;
  }

  /**
   * Takes over weights and buffers saved by {@link state} or by PyTorch; its count of batches and wrappers of all names
   * are passed over.
   * @throws CupbearerError `bad-data` if a name or shape does not fit.
   */
  load(saved: TensorMap, source: string): void {
    const state = fittedWeights(this, saved, source);
    for (const [path, { toTorch }] of this.parameters) {
      const inverse = toTorch.map((_, axis) => toTorch.indexOf(axis));
      assignSaved(this.#variables.get(path)!, state[path]!, inverse);
    }
    for (const [path, buffer] of this.#buffers) {
      const axes = buffer.shape.map((_, axis) => axis);
      assignSaved(buffer, state[path]!, axes);
    }
  }

  /** A network of the same weights that changes on its own; the caller disposes of it. */
  clone(): Network {
    const copy = new Network(this.spec, 0);
    for (const [path, variable] of this.#variables) copy.#variables.get(path)!.assign(variable);
    for (const [path, buffer] of this.#buffers) copy.#buffers.get(path)!.assign(buffer);
    return copy;
  }

  /** Frees the weights. */
  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
    for (const buffer of this.#buffers.values()) buffer.dispose();
    this.#variables.clear();
    this.#buffers.clear();
  }
}

/** What changes no value. */
function plain(channels: number): Normalisation {
  return { mean: Array<number>(channels).fill(0), std: Array<number>(channels).fill(1) };
}

/** By slices and not by tf.reverse, of which no gradient is known. */
function reversedChannels(x: tf.Tensor): tf.Tensor {
  const channel = (k: number) => tf.slice(x, [...x.shape.slice(0, -1).fill(0), k], [...x.shape.slice(0, -1), 1]);
  return tf.concat(
    x.shape.slice(-1).flatMap((count) => Array.from({ length: count }, (_, k) => channel(count - 1 - k))),
    -1,
  );
}

function assignSaved(variable: tf.Variable, saved: NamedTensor, axes: number[]): void {
  tf.tidy(() => variable.assign(tf.transpose(tf.tensor(Float32Array.from(saved.data), saved.shape), axes)));
}

/** SHA-256 (hex) over names, shapes and values, sorted by name. */
export function fingerprintTensors(tensors: TensorMap): string {
  const hash = createHash('sha256');
  for (const [name, tensor] of Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}[${tensor.shape.join()}]`).update(bytesOf(tensor));
  }
  return hash.digest('hex');
}

function bytesOf({ data }: NamedTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
