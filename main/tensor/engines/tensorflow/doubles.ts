import type { NativeAttribute, NativeBinding, NativeTensor } from './node-package.ts';

/** TensorFlow's number for float64, which TensorFlow.js does not know. */
const TF_DOUBLE = 2;

/** A tensor of float64 in TensorFlow, by number. */
export type DoubleTensor = NativeTensor;

/**
 * TensorFlow's operations on float64. All that one made is gone at the end of `use` but what `keep` was told: that is up to
 * whoever keeps it.
 */
export class Doubles {
  readonly #binding: NativeBinding;
  readonly #made = new Set<number>();

  private constructor(binding: NativeBinding) {
    this.#binding = binding;
  }

  /** Runs `action`, nothing of which may be used afterwards unless it was kept. */
  static use<T>(binding: NativeBinding, action: (doubles: Doubles) => T): T {
    const doubles = new Doubles(binding);
    try {
      return action(doubles);
    } finally {
      for (const id of doubles.#made) binding.deleteTensor(id);
    }
  }

  /** A copy of `values` as a tensor. */
  from(values: Float64Array, shape: number[]): DoubleTensor {
    const { TF_FLOAT } = this.#binding;
    // The package takes no float64: two float32 have the same bytes.
    const bytes = new Float32Array(values.buffer, values.byteOffset, 2 * values.length);
    const pairs = this.#binding.createTensor([...shape, 2], TF_FLOAT, bytes);
    this.#made.add(pairs);
    return this.#bitcast(pairs, TF_FLOAT, TF_DOUBLE);
  }

  add(a: DoubleTensor, b: DoubleTensor): DoubleTensor {
    return this.#run('AddV2', [a.id, b.id], [this.#type('T', TF_DOUBLE)]);
  }

  /** a b^T for a [m, k] and b [n, k]. */
  productTransposed(a: DoubleTensor, b: DoubleTensor): DoubleTensor {
    const attributes = [this.#type('T', TF_DOUBLE), this.#flag('transpose_a', false), this.#flag('transpose_b', true)];
    return this.#run('MatMul', [a.id, b.id], attributes);
  }

  /** Its values, row by row. */
  read(x: DoubleTensor): Float64Array {
    // Read as complex numbers of two float32, which have the same bytes, since the package gives no float64.
    const pairs = this.#bitcast(x.id, TF_DOUBLE, this.#binding.TF_COMPLEX64);
    const { buffer, byteOffset, byteLength } = this.#binding.tensorDataSync(pairs.id);
    return new Float64Array(buffer as ArrayBuffer, byteOffset, byteLength / 8);
  }

  /** Takes a tensor out of what goes at the end. */
  keep(x: DoubleTensor): DoubleTensor {
    this.#made.delete(x.id);
    return x;
  }

  #bitcast(id: number, from: number, to: number): NativeTensor {
    return this.#run('Bitcast', [id], [this.#type('T', from), this.#type('type', to)]);
  }

  #run(name: string, inputs: number[], attributes: NativeAttribute[]): NativeTensor {
    const [made] = this.#binding.executeOp(name, attributes, inputs, 1);
    this.#made.add(made!.id);
    return made!;
  }

  #type(name: string, value: number): NativeAttribute {
    return { name, type: this.#binding.TF_ATTR_TYPE, value };
  }

  #flag(name: string, value: boolean): NativeAttribute {
    return { name, type: this.#binding.TF_ATTR_BOOL, value };
  }
}
