import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import type { NativeKernels } from './kernels.ts';

/**
 * TensorFlow updates variables of its own by one operation. Ours are plain tensors, so that they are lent to such a variable
 * for that operation: both share the values, and our handle is given up in between, so that none are copied.
 */
class LentVariables {
  readonly #kernels: NativeKernels;
  /** Variables of TensorFlow by role and shape. */
  readonly #variables = new Map<string, number>();

  constructor(kernels: NativeKernels) {
    this.#kernels = kernels;
  }

  /** Runs an operation that changes `states` in place and takes the tensors or numbers `rest` after them. */
  update(name: string, states: tf.Tensor[], rest: (tf.Tensor | number)[]): void {
    const { backend } = this.#kernels;
    const { binding } = backend;
    const variables = states.map(({ shape }, i) => this.#variable(i, shape));
    const handles = backend.getInputTensorIds(states);
    const numbers: number[] = [];
    const lent: number[] = [];
    const type = this.#kernels.type('dtype');
    try {
      const inputs = rest.map((value) => {
        if (typeof value !== 'number') return backend.getInputTensorIds([value])[0]!;
        numbers.push(binding.createTensor([], binding.TF_FLOAT, Float32Array.of(value)));
        return numbers.at(-1);
      });
      handles.forEach((handle, i) => {
        binding.executeOp('AssignVariableOp', [type], [variables[i]!, handle], 0);
        binding.deleteTensor(handle);
        lent.push(i);
      });
      binding.executeOp(name, [this.#kernels.type('T')], [...variables, ...inputs], 0);
    } finally {
      for (const i of lent)
        backend.tensorMap.get(states[i]!.dataId).id = binding.executeOp(
          'ReadVariableOp',
          [type],
          [variables[i]!],
          1,
        )[0]!.id;
      for (const id of numbers) binding.deleteTensor(id);
    }
  }

  #variable(role: number, shape: number[]): number {
    const key = `${role}:${shape.join('x')}`;
    let variable = this.#variables.get(key);
    if (variable === undefined) {
      const { backend } = this.#kernels;
      const attributes = [
        this.#kernels.type('dtype'),
        this.#kernels.shape('shape', shape),
        this.#kernels.text('shared_name', `cupbearer-${key}`),
      ];
      variable = backend.binding.executeOp('VarHandleOp', attributes, [], 1)[0]!.id;
      this.#variables.set(key, variable);
    }
    return variable;
  }
}

/** Runs `action` with the gradient to which the penalty's is added. */
function penalised(gradient: tf.Tensor, variable: tf.Tensor, decay: number, action: (g: tf.Tensor) => void): void {
  if (decay === 0) action(gradient);
  else tf.tidy(() => action(tf.add(gradient, tf.mul(variable, decay))));
}

/** Registers Adam and SGD as one operation of TensorFlow each. */
export function registerOptimizerKernels(kernels: NativeKernels): void {
  const lent = new LentVariables(kernels);
  kernels.register(ownKernels.adam, (inputs, attrs) => {
    const [variable, gradient, m, v] = [inputs['variable']!, inputs['gradient']!, inputs['m']!, inputs['v']!];
    const { beta1, beta2, stepSize, inverseRoot, epsilon, weightDecay } = attrs as Record<string, number>;
    // TensorFlow corrects the moments' bias by the powers of beta (0: not at all) and adds its epsilon to the root
    // before the correction: step size and epsilon divided by the root's correction give our formula.
    const numbers = [0, 0, stepSize! / inverseRoot!, beta1!, beta2!, epsilon! / inverseRoot!];
    penalised(gradient, variable, weightDecay!, (g) =>
      lent.update('ResourceApplyAdam', [variable, m, v], [...numbers, g]),
    );
    return [];
  });
  kernels.register(ownKernels.sgd, (inputs, attrs) => {
    const [variable, gradient, velocity] = [inputs['variable']!, inputs['gradient']!, inputs['velocity']!];
    const { learningRate, momentum, weightDecay } = attrs as Record<string, number>;
    penalised(gradient, variable, weightDecay!, (g) =>
      lent.update('ResourceApplyMomentum', [variable, velocity], [learningRate!, g, momentum!]),
    );
    return [];
  });
}
