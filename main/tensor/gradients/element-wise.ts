import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, ownKernels, runKernel } from '../own-kernels.ts';
import { signOf } from '../sign.ts';
import type { GradientDefinition } from './gradient-definition.ts';

/** Sums `dy` over the axes along which an operand of this shape was broadcast. */
function sumTo(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, dy.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, shape);
}

/** A function of two broadcast operands, by its partial derivatives times `dy`. */
function binary(
  kernelName: string,
  byA: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  byB: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): GradientDefinition {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradient: (dy, [a, b]) => ({
      a: () => sumTo(byA(dy, a!, b!), a!.shape),
      b: () => sumTo(byB(dy, a!, b!), b!.shape),
    }),
  };
}

/** A function of one operand, by its derivative times `dy` in terms of the input. */
function ofInput(
  kernelName: string,
  derivative: (dy: tf.Tensor, x: tf.Tensor, attrs: tf.NamedAttrMap) => tf.Tensor,
): GradientDefinition {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradient: (dy, [x], attrs) => ({ x: () => derivative(dy, x!, attrs) }),
  };
}

/** A function of one operand, by its derivative times `dy` in terms of the output. */
function ofOutput(kernelName: string, derivative: (dy: tf.Tensor, y: tf.Tensor) => tf.Tensor): GradientDefinition {
  return { kernelName, outputsToSave: [true], gradient: (dy, [y]) => ({ x: () => derivative(dy, y!) }) };
}

const where = (condition: tf.Tensor, dy: tf.Tensor) => tf.mul(dy, tf.cast(condition, 'float32'));

function reluGradient(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return hasKernel(ownKernels.reluGradient)
    ? runKernel(ownKernels.reluGradient, { dy, x })[0]!
    : where(tf.greater(x, 0), dy);
}

/** Functions of each element. At a corner (relu at 0, |x| at 0, max of equals) the derivative is that of one side. */
export const elementWiseGradients: readonly GradientDefinition[] = [
  binary(
    tf.Add,
    (dy) => dy,
    (dy) => dy,
  ),
  binary(
    tf.Sub,
    (dy) => dy,
    (dy) => tf.neg(dy),
  ),
  binary(
    tf.Multiply,
    (dy, _a, b) => tf.mul(dy, b),
    (dy, a) => tf.mul(dy, a),
  ),
  binary(
    tf.RealDiv,
    (dy, _a, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  ),
  binary(
    tf.Maximum,
    (dy, a, b) => where(tf.greaterEqual(a, b), dy),
    (dy, a, b) => where(tf.less(a, b), dy),
  ),
  binary(
    tf.Minimum,
    (dy, a, b) => where(tf.lessEqual(a, b), dy),
    (dy, a, b) => where(tf.greater(a, b), dy),
  ),
  binary(
    tf.SquaredDifference,
    (dy, a, b) => tf.mul(dy, tf.mul(tf.sub(a, b), 2)),
    (dy, a, b) => tf.mul(dy, tf.mul(tf.sub(b, a), 2)),
  ),
  ofInput(tf.Relu, reluGradient),
  ofInput(tf.Relu6, (dy, x) => where(tf.logicalAnd(tf.greater(x, 0), tf.less(x, 6)), dy)),
  ofInput(tf.LeakyRelu, (dy, x, { alpha }) => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha as number))),
  ofInput(tf.Abs, (dy, x) => tf.mul(dy, signOf(x))),
  ofInput(tf.Square, (dy, x) => tf.mul(dy, tf.mul(x, 2))),
  ofInput(tf.Log, (dy, x) => tf.div(dy, x)),
  ofInput(tf.Log1p, (dy, x) => tf.div(dy, tf.add(x, 1))),
  ofInput(tf.Softplus, (dy, x) => tf.mul(dy, tf.sigmoid(x))),
  ofInput(tf.Neg, (dy) => tf.neg(dy)),
  ofInput(tf.Cast, (dy, x) => tf.cast(dy, x.dtype)),
  ofInput(tf.Identity, (dy) => tf.clone(dy)),
  ofInput(tf.ClipByValue, (dy, x, { clipValueMin, clipValueMax }) =>
    where(tf.logicalAnd(tf.greaterEqual(x, clipValueMin as number), tf.lessEqual(x, clipValueMax as number)), dy),
  ),
  // Below zero elu(x) = exp(x) - 1, whose derivative is the output plus one.
  ofOutput(tf.Elu, (dy, y) => tf.where(tf.greater(y, 0), dy, tf.mul(dy, tf.add(y, 1)))),
  ofOutput(tf.Exp, (dy, y) => tf.mul(dy, y)),
  ofOutput(tf.Sqrt, (dy, y) => tf.div(dy, tf.mul(y, 2))),
  ofOutput(tf.Rsqrt, (dy, y) => tf.mul(dy, tf.mul(tf.mul(y, tf.square(y)), -0.5))),
  ofOutput(tf.Sigmoid, (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y)))),
  ofOutput(tf.Tanh, (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y)))),
  {
    kernelName: tf.Select,
    inputsToSave: ['condition'],
    gradient: (dy, [condition]) => ({
      condition: () => tf.zerosLike(tf.cast(condition!, 'float32')),
      t: () => tf.where(condition!, dy, tf.zerosLike(dy)),
      e: () => tf.where(condition!, tf.zerosLike(dy), dy),
    }),
  },
];
