import { CupbearerError } from '../../../shared/errors.ts';
import { cholesky } from '../../tensor/linalg/cholesky.ts';
import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import { weightedGram } from '../../tensor/linalg/weighted-gram.ts';

/** `log odds = weights . x + intercept`. */
interface LogisticModel {
  /** `[d]` */
  weights: Float64Array;
  intercept: number;
}

const MAX_STEPS = 200;
/** Share of its own size by which the objective may still be above its minimum. */
const TOLERANCE = 1e-14;
/** Least curvature of a sample: those predicted with certainty would leave nothing to divide by. */
const LEAST_CURVATURE = 1e-12;

/**
 * Logistic regression of labels `[n]` (1 or 0) on rows `[n, d]`: the weights w and intercept b with the least `|w|^2 /
 * 2 + c * sum log(1 + exp(-y (w . x + b)))`, y being 1 or -1 (scikit-learn's objective, the intercept is free), found
 * by Newton's method with halved steps in float64, to the precision of rounding. With `standardise` the weights
 * penalised are those of columns scaled to mean 0 and variance 1; the model that is given back takes rows as they are.
 * @throws CupbearerError `bad-data` if a class is missing, `non-finite` if the rows are not finite.
 */
export function logisticRegression(
  x: Float32Array,
  labels: Uint8Array,
  d: number,
  { c, standardise = false }: { c: number; standardise?: boolean },
): LogisticModel {
  const n = labels.length;
  const anomalous = labels.reduce((sum, label) => sum + label, 0);
  if (anomalous === 0 || anomalous === n) {
    throw new CupbearerError(
      'bad-data',
      `A probe needs samples of both kinds to learn from, found ${n - anomalous} clean and ${anomalous} anomalous.`,
    );
  }
  const { mean, scale } = standardise ? columnScales(x, n, d) : { mean: new Float64Array(d), scale: ones(d) };
  // A column of ones carries the intercept.
  const size = d + 1;
  const rows = ones(n * size);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) rows[i * size + j] = (x[i * d + j]! - mean[j]!) / scale[j]!;
  }
  const theta = minimum(rows, labels, size, c);
  const weights = theta.subarray(0, d).map((weight, j) => weight / scale[j]!);
  return { weights, intercept: theta[d]! - dot(weights, mean) };
}

function ones(n: number): Float64Array {
  return new Float64Array(n).fill(1);
}

/** Mean and standard deviation (divisor n) of each column; 1 if a column is constant. */
function columnScales(x: Float32Array, n: number, d: number): { mean: Float64Array; scale: Float64Array } {
  const moments = new MomentAccumulator(d);
  moments.update(x, n);
  const covariance = moments.covariance();
  const scale = moments.mean.map((_, j) => Math.sqrt((covariance[j * d + j]! * (n - 1)) / n) || 1);
  return { mean: moments.mean, scale };
}

/** The parameters of least objective for rows `[n, size]` that end in 1; the last one is not penalised. */
function minimum(rows: Float64Array, labels: Uint8Array, size: number, c: number): Float64Array {
  let theta: Float64Array = new Float64Array(size);
  let at = objective(rows, labels, theta, c);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { gradient, curvature } = derivatives(rows, labels, theta, c);
    const hessian = weightedGram(rows, size, curvature);
    for (let j = 0; j < size - 1; j++) hessian[j * size + j]! += 1;
    const direction = solve(cholesky(hessian, size), gradient);
    const decrement = dot(direction, gradient);
    // So near, one more step of Newton's squares the error and needs no check.
    if (decrement <= TOLERANCE * at) return theta.map((value, j) => value - direction[j]!);
    let scale = 1;
    for (;;) {
      const next = theta.map((value, j) => value - scale * direction[j]!);
      const value = objective(rows, labels, next, c);
      // Armijo's rule; below the precision of the objective a full step of Newton's is as good as can be.
      if (value <= at - 1e-4 * scale * decrement || decrement < 1e-10 * at) {
        theta = next;
        at = value;
        break;
      }
      scale /= 2;
    }
  }
  throw new CupbearerError('internal', `A logistic regression did not converge in ${MAX_STEPS} steps.`, {
    hint: 'Scale the activations or lower the penalty factor C.',
  });
}

/** log(1 + exp(z)) without overflow. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/** 1 / (1 + exp(-z)) without overflow. */
export function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

function objective(rows: Float64Array, labels: Uint8Array, theta: Float64Array, c: number): number {
  const size = theta.length;
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    const z = product(rows, i * size, theta);
    loss += softplus(labels[i] === 1 ? -z : z);
  }
  const weights = theta.subarray(0, size - 1);
  return dot(weights, weights) / 2 + c * loss;
}

function derivatives(rows: Float64Array, labels: Uint8Array, theta: Float64Array, c: number) {
  const size = theta.length;
  const gradient = theta.slice();
  gradient[size - 1] = 0;
  const curvature = new Float64Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const p = sigmoid(product(rows, i * size, theta));
    const residual = c * (p - labels[i]!);
    for (let j = 0, at = i * size; j < size; j++, at++) gradient[j]! += residual * rows[at]!;
    curvature[i] = c * Math.max(p * (1 - p), LEAST_CURVATURE);
  }
  return { gradient, curvature };
}

function product(rows: Float64Array, start: number, theta: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < theta.length; j++) sum += rows[start + j]! * theta[j]!;
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  return product(a, 0, b);
}

/** The x with L L^T x = b for a lower triangular L `[n, n]`. */
function solve(l: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) x[i]! -= l[i * n + j]! * x[j]!;
    x[i]! /= l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) x[i]! -= l[j * n + i]! * x[j]!;
    x[i]! /= l[i * n + i]!;
  }
  return x;
}
