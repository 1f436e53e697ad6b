import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import type { WasmKernels } from './wasm-kernels.ts';

const { assertAndGetBroadcastShape } = tf.broadcast_util;

/** Codes of the activations that the sgemm kernel applies itself. */
export const fusedActivations: Readonly<Record<string, number>> = { linear: 0, relu: 1, relu6: 2 };

interface MatMulAttrs extends tf.NamedAttrMap {
  transposeA: boolean;
  transposeB: boolean;
}

/**
 * For each matrix of a batch of shape `out`, the index of the matrix that takes its place in a batch of shape `from`,
 * which broadcasts to `out`.
 */
function broadcastIndices(from: readonly number[], out: readonly number[]): Int32Array {
  const indices = new Int32Array(tf.util.sizeFromShape([...out]));
  const lead = out.length - from.length;
  for (let flat = 0; flat < indices.length; flat++) {
    let rest = flat;
    let stride = 1;
    let index = 0;
    for (let axis = out.length - 1; axis >= lead; axis--) {
      const size = from[axis - lead]!;
      if (size !== 1) index += (rest % out[axis]!) * stride;
      rest = Math.floor(rest / out[axis]!);
      stride *= size;
    }
    indices[flat] = index;
  }
  return indices;
}

function multiply(
  kernels: WasmKernels,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  { transposeA, transposeB }: MatMulAttrs,
  bias: tf.TensorInfo | undefined,
  activation: number,
): tf.TensorInfo {
  if (a.dtype !== 'float32' || b.dtype !== 'float32')
    throw new Error(`matMul takes float32 tensors, got ${a.dtype} and ${b.dtype}.`);
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [kOfB, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== kOfB)
    throw new Error(
      `matMul cannot multiply [${a.shape.join(', ')}]${transposeA ? ' transposed' : ''} ` +
        `by [${b.shape.join(', ')}]${transposeB ? ' transposed' : ''}: inner sizes ${k} and ${kOfB}.`,
    );
  if (bias !== undefined && tf.util.sizeFromShape(bias.shape) !== n)
    throw new Error(`matMul takes a bias of ${n} elements, got [${bias.shape.join(', ')}].`);

  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch = assertAndGetBroadcastShape(batchA, batchB);
  const out = kernels.output([...batch, m, n]);
  const addressA = kernels.address(a);
  const addressB = kernels.address(b);
  const addressC = kernels.address(out);
  const addressBias = bias === undefined ? 0 : kernels.address(bias);
  const indicesA = broadcastIndices(batchA, batch);
  const indicesB = broadcastIndices(batchB, batch);
  const [rowParts, columnParts] = partsOf(kernels, m, n, k);
  for (let i = 0; i < indicesA.length; i++)
    // prettier-ignore
    kernels.inParts(
      'sgemmInParts', rowParts * columnParts,
      rowParts, columnParts, Number(transposeA), Number(transposeB), m, n, k,
      addressA + indicesA[i]! * m * k * 4, columnsA, addressB + indicesB[i]! * k * n * 4, columnsB,
      addressC + i * m * n * 4, n, addressBias, activation, kernels.sgemmScratch, kernels.run.sgemmScratchBytes(),
    );
  return out;
}

/** Parts of a product are cut no narrower than so many rows or columns: each packs all of its share of both factors. */
const LEAST_ROWS = 48;
const LEAST_COLUMNS = 64;

/** Into how many parts rows and columns of a product are cut; each of its numbers is the same whatever part it is in. */
function partsOf(kernels: WasmKernels, m: number, n: number, k: number): [rows: number, columns: number] {
  const wanted = Math.min(kernels.partsFor((m * n * k) / 16), 2 * kernels.threads);
  let [rows, columns] = [1, 1];
  while (rows * columns < wanted) {
    const canCutRows = m / (2 * rows) >= LEAST_ROWS;
    const canCutColumns = n / (2 * columns) >= LEAST_COLUMNS;
    if (canCutColumns && (n / columns >= m / rows || !canCutRows)) columns *= 2;
    else if (canCutRows) rows *= 2;
    else break;
  }
  return [rows, columns];
}

/** Applies an activation that none of our kernels fuses. Returns a new tensor and disposes of `x`. */
export function applyActivation(
  kernels: WasmKernels,
  x: tf.TensorInfo,
  activation: string,
  preluWeights: tf.TensorInfo | undefined,
  leakyAlpha: number | undefined,
): tf.TensorInfo {
  const names: Record<string, string> = { elu: 'Elu', sigmoid: 'Sigmoid', leakyrelu: 'LeakyRelu', prelu: 'Prelu' };
  const name = names[activation];
  if (name === undefined) throw new Error(`The activation "${activation}" cannot be fused.`);
  const inputs: tf.NamedTensorInfoMap = name === 'Prelu' ? { x, alpha: preluWeights } : { x };
  const out = kernels.stock(name)(inputs, name === 'LeakyRelu' ? { alpha: leakyAlpha ?? 0.2 } : {}) as tf.TensorInfo;
  kernels.dispose(x);
  return out;
}

/**
 * Replaces the backend's matrix products: its own take a scalar loop for anything transposed or batched, and the fused
 * one adds the bias several times there.
 */
export function registerMatMulKernels(kernels: WasmKernels): void {
  kernels.register(tf.BatchMatMul, (inputs, attrs) =>
    multiply(kernels, inputs['a']!, inputs['b']!, attrs as MatMulAttrs, undefined, 0),
  );
  kernels.register(tf._FusedMatMul, (inputs, attrs) => {
    const activation = attrs['activation'] as string;
    const code = fusedActivations[activation];
    const out = multiply(kernels, inputs['a']!, inputs['b']!, attrs as MatMulAttrs, inputs['bias'], code ?? 0);
    if (code !== undefined) return out;
    const alpha = attrs['leakyreluAlpha'] as number | undefined;
    return applyActivation(kernels, out, activation, inputs['preluActivationWeights'], alpha);
  });
  kernels.register(ownKernels.dense, ({ x, weights, bias }) =>
    multiply(kernels, x!, weights!, { transposeA: false, transposeB: false }, bias, 0),
  );
}
