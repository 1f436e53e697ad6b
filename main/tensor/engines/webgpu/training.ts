import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import type { Shader, WebGpuKernels } from './kernels.ts';

const reluGradient: Shader = {
  name: 'relu_gradient',
  inputs: ['dy', 'x'],
  numbers: [],
  body: 'result[index] = select(0.0, dy[index], x[index] > 0.0);',
};

/** What both shaders of the cross entropy begin with: a thread has a row, whose logits begin at `at`. */
const rowStart = `
  let columns = i32(uniforms.columns);
  let at = index * columns;
  var largest = logits[at];
  for (var j = 1; j < columns; j++) { largest = max(largest, logits[at + j]); }
  var sum = 0.0;
  for (var j = 0; j < columns; j++) { sum += exp(logits[at + j] - largest); }
  let label = labels[index];
  let isValid = label >= 0 && label < columns;`;

const rowLoss: Shader = {
  name: 'cross_entropy_loss',
  inputs: ['logits', 'labels'],
  numbers: ['columns'],
  body: `${rowStart}
    result[index] = select(uniforms.NAN, log(sum) + largest - logits[at + select(0, label, isValid)], isValid);`,
};

const rowGradient: Shader = {
  name: 'cross_entropy_gradient',
  inputs: ['logits', 'labels'],
  numbers: ['columns', 'rows'],
  // The label's own gradient is minus the sum of the others: p - 1 would lose it for a sample with p near 1.
  body: `${rowStart}
    var others = 0.0;
    for (var j = 0; j < columns; j++) { others += select(exp(logits[at + j] - largest), 0.0, j == label); }
    for (var j = 0; j < columns; j++) {
      let share = select(exp(logits[at + j] - largest), -others, j == label) / sum;
      result[at + j] = select(uniforms.NAN, share / uniforms.rows, isValid);
    }`,
};

/** Registers what a training step takes besides products: the gradient of relu, and the loss with its gradient. */
export function registerTrainingKernels(kernels: WebGpuKernels): void {
  kernels.register(ownKernels.reluGradient, ({ dy, x }) =>
    kernels.make(reluGradient, x!.shape, tf.util.sizeFromShape(x!.shape), [dy!, x!]),
  );
  kernels.register(ownKernels.softmaxCrossEntropy, ({ logits, labels }) => {
    const [rows, columns] = logits!.shape as [number, number];
    // WebGPU binds no buffer of length zero.
    if (rows === 0) return [tf.scalar(NaN), tf.zeros([0, columns])];
    const losses = kernels.make(rowLoss, [rows], rows, [logits!, labels!], [columns]);
    const gradient = kernels.make(rowGradient, [rows, columns], rows, [logits!, labels!], [columns, rows]);
    const loss = tf.tidy(() => tf.mean(tf.engine().makeTensorFromTensorInfo(losses)));
    return [loss, gradient];
  });
}
