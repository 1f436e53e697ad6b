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

  /** Numbers as a tensor; float32 ones are widened. */
  from(values: Float32Array | Float64Array, shape: number[]): DoubleTensor {
    const { TF_FLOAT } = this.#binding;
    if (values instanceof Float32Array) {
      const [wide] = this.#run('Cast', [this.#put(shape, TF_FLOAT, values)], [
        this.#type('SrcT', TF_FLOAT),
        this.#type('DstT', TF_DOUBLE),
        this.#flag('Truncate', false),
      ]); // prettier-ignore
      return wide!;
    }
    // The package takes no float64: two float32 have the same bytes.
    const bytes = new Float32Array(values.buffer, values.byteOffset, 2 * values.length);
    return this.#bitcast(this.#put([...shape, 2], TF_FLOAT, bytes), TF_FLOAT, TF_DOUBLE);
  }

  /** The mean over rows, [d]. */
  columnMeans(x: DoubleTensor): DoubleTensor {
    const axis = this.#whole([1], 0);
    const types = [this.#type('T'), this.#type('Tidx', this.#binding.TF_INT32), this.#flag('keep_dims', false)];
    return this.#run('Mean', [x.id, axis], types)[0]!;
  }

  subtract(a: DoubleTensor, b: DoubleTensor): DoubleTensor {
    return this.#run('Sub', [a.id, b.id], [this.#type('T')])[0]!;
  }

  add(a: DoubleTensor, b: DoubleTensor): DoubleTensor {
    return this.#run('AddV2', [a.id, b.id], [this.#type('T')])[0]!;
  }

  /** One below the other. */
  below(a: DoubleTensor, b: DoubleTensor): DoubleTensor {
    const types = [this.#type('T'), this.#type('Tidx', this.#binding.TF_INT32), this.#number('N', 2)];
    return this.#run('ConcatV2', [a.id, b.id, this.#whole([], 0)], types)[0]!;
  }

  /** Columns in groups of so many. */
  columns(x: DoubleTensor, sizes: readonly number[]): DoubleTensor[] {
    const types = [
      this.#type('T'),
      this.#type('Tlen', this.#binding.TF_INT32),
      this.#number('num_split', sizes.length),
    ];
    return this.#run('SplitV', [x.id, this.#whole([sizes.length], ...sizes), this.#whole([], 1)], types, sizes.length);
  }

  /** a^T b. */
  transposedProduct(a: DoubleTensor, b: DoubleTensor): DoubleTensor {
    const attributes = [this.#type('T'), this.#flag('transpose_a', true), this.#flag('transpose_b', false)];
    return this.#run('MatMul', [a.id, b.id], attributes)[0]!;
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
    return this.#run('Bitcast', [id], [this.#type('T', from), this.#type('type', to)])[0]!;
  }

  #put(shape: number[], type: number, values: ArrayBufferView): number {
    const id = this.#binding.createTensor(shape, type, values);
    this.#made.add(id);
    return id;
  }

  #whole(shape: number[], ...values: number[]): number {
    return this.#put(shape, this.#binding.TF_INT32, Int32Array.from(values));
  }

  #run(name: string, inputs: number[], attributes: NativeAttribute[], outputs = 1): NativeTensor[] {
    const made = this.#binding.executeOp(name, attributes, inputs, outputs);
    for (const { id } of made) this.#made.add(id);
    return made;
  }

  #type(name: string, value = TF_DOUBLE): NativeAttribute {
    return { name, type: this.#binding.TF_ATTR_TYPE, value };
  }

  #flag(name: string, value: boolean): NativeAttribute {
    return { name, type: this.#binding.TF_ATTR_BOOL, value };
  }

  #number(name: string, value: number): NativeAttribute {
    return { name, type: this.#binding.TF_ATTR_INT, value };
  }
}
