import * as tf from '@tensorflow/tfjs-core';
import type { NativeAttribute, NodeBackend } from './node-package.ts';

/** A kernel as it is written here: the package hands in and gives back tensors, not just their descriptions. */
type NativeKernel = (inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap) => tf.Tensor | tf.Tensor[];

/** TensorFlow's own operations, as kernels of ours are made of them. */
export class NativeKernels {
  readonly backend: NodeBackend;

  constructor(backend: NodeBackend) {
    this.backend = backend;
  }

  /** Registers `kernel` under `name`, in place of the package's own where it has one. */
  register(name: string, kernel: NativeKernel): void {
    if ((tf.getKernel(name, 'tensorflow') as tf.KernelConfig | undefined) !== undefined)
      tf.unregisterKernel(name, 'tensorflow');
    tf.registerKernel({
      kernelName: name,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs }) => kernel(inputs as tf.NamedTensorMap, attrs ?? {}),
    });
  }

  /** The package's kernel of this name, for what ours does not do itself. */
  stock(name: string): NativeKernel {
    const { kernelFunc } = tf.getKernel(name, 'tensorflow');
    return (inputs, attrs) => kernelFunc({ inputs, attrs, backend: this.backend }) as tf.Tensor;
  }

  /** Runs an operation of TensorFlow with one output; its elements are float32 unless `attributes` say otherwise. */
  run(name: string, inputs: tf.Tensor[], attributes: NativeAttribute[] = [this.type('T')]): tf.Tensor {
    return this.runAll(name, inputs, attributes, 1)[0]!;
  }

  /** Runs an operation of TensorFlow with several outputs. */
  runAll(name: string, inputs: tf.Tensor[], attributes: NativeAttribute[], outputs: number): tf.Tensor[] {
    const { backend } = this;
    return backend.binding
      .executeOp(name, attributes, backend.getInputTensorIds(inputs), outputs)
      .map((output) => backend.createOutputTensor(output));
  }

  /** Runs `action` with whole numbers as a tensor, such as a shape that an operation takes as an input. */
  withWhole<T>(values: readonly number[], action: (tensor: tf.Tensor) => T): T {
    const tensor = tf.tensor1d([...values], 'int32');
    try {
      return action(tensor);
    } finally {
      tensor.dispose();
    }
  }

  /** `product` plus a bias along the last axis; frees `product`. */
  withBias(product: tf.Tensor, bias: tf.Tensor): tf.Tensor {
    const out = this.run('BiasAdd', [product, bias]);
    product.dispose();
    return out;
  }

  /** An attribute for the type of elements, float32 by default. */
  type(name: string, value: number = this.backend.binding.TF_FLOAT): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_TYPE, value };
  }

  text(name: string, value: string): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_STRING, value };
  }

  whole(name: string, value: readonly number[]): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_INT, value };
  }

  flag(name: string, value: boolean): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_BOOL, value };
  }

  shape(name: string, value: readonly number[]): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_SHAPE, value };
  }
}
