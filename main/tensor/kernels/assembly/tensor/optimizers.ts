import { shareOfFloats } from '../share';

const FLOAT: usize = 4;

/**
 * One step of Adam (D. Kingma and J. Ba, 2015, algorithm 1) over `n` floats in place, with PyTorch's placing of epsilon:
 * p -= stepSize * m / (sqrt(v) * inverseRoot + epsilon), where stepSize = rate / (1 - beta1^t) and
 * inverseRoot = 1 / sqrt(1 - beta2^t). Weight decay is added to the gradient. In parts.
 */
export function adam(
  part: i32,
  _thread: i32,
  parts: i32,
  n: i32,
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  beta1: f32,
  beta2: f32,
  rest1: f32,
  rest2: f32,
  stepSize: f32,
  inverseRoot: f32,
  epsilon: f32,
  decay: f32,
): void {
  const vBeta1 = f32x4.splat(beta1),
    vBeta2 = f32x4.splat(beta2);
  const vRest1 = f32x4.splat(rest1),
    vRest2 = f32x4.splat(rest2);
  const vStep = f32x4.splat(stepSize),
    vRoot = f32x4.splat(inverseRoot);
  const vEpsilon = f32x4.splat(epsilon),
    vDecay = f32x4.splat(decay);
  const first = shareOfFloats(n, part, parts);
  const last = shareOfFloats(n, part + 1, parts);
  const whole = <usize>(last & ~3) * FLOAT;
  const end = <usize>last * FLOAT;
  let i = <usize>first * FLOAT;
  for (; i < whole; i += 16) {
    const parameter = v128.load(p + i);
    const gradient = f32x4.add(v128.load(g + i), f32x4.mul(vDecay, parameter));
    const first = f32x4.add(f32x4.mul(vBeta1, v128.load(m + i)), f32x4.mul(vRest1, gradient));
    const second = f32x4.add(f32x4.mul(vBeta2, v128.load(v + i)), f32x4.mul(vRest2, f32x4.mul(gradient, gradient)));
    v128.store(m + i, first);
    v128.store(v + i, second);
    const scale = f32x4.add(f32x4.mul(f32x4.sqrt(second), vRoot), vEpsilon);
    v128.store(p + i, f32x4.sub(parameter, f32x4.div(f32x4.mul(vStep, first), scale)));
  }
  for (; i < end; i += FLOAT) {
    const parameter = load<f32>(p + i);
    const gradient = load<f32>(g + i) + decay * parameter;
    const first = beta1 * load<f32>(m + i) + rest1 * gradient;
    const second = beta2 * load<f32>(v + i) + rest2 * (gradient * gradient);
    store<f32>(m + i, first);
    store<f32>(v + i, second);
    store<f32>(p + i, parameter - (stepSize * first) / (sqrt<f32>(second) * inverseRoot + epsilon));
  }
}

/** One step of SGD over `n` floats in place: u = momentum * u + g + decay * p, p -= rate * u. In parts. */
export function sgd(
  part: i32,
  _thread: i32,
  parts: i32,
  n: i32,
  p: usize,
  g: usize,
  u: usize,
  rate: f32,
  momentum: f32,
  decay: f32,
): void {
  const vRate = f32x4.splat(rate),
    vMomentum = f32x4.splat(momentum),
    vDecay = f32x4.splat(decay);
  const first = shareOfFloats(n, part, parts);
  const last = shareOfFloats(n, part + 1, parts);
  const whole = <usize>(last & ~3) * FLOAT;
  const end = <usize>last * FLOAT;
  let i = <usize>first * FLOAT;
  for (; i < whole; i += 16) {
    const parameter = v128.load(p + i);
    const gradient = f32x4.add(v128.load(g + i), f32x4.mul(vDecay, parameter));
    const velocity = f32x4.add(f32x4.mul(vMomentum, v128.load(u + i)), gradient);
    v128.store(u + i, velocity);
    v128.store(p + i, f32x4.sub(parameter, f32x4.mul(vRate, velocity)));
  }
  for (; i < end; i += FLOAT) {
    const parameter = load<f32>(p + i);
    const velocity = momentum * load<f32>(u + i) + (load<f32>(g + i) + decay * parameter);
    store<f32>(u + i, velocity);
    store<f32>(p + i, parameter - rate * velocity);
  }
}
