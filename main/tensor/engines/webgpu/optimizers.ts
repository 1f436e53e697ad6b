import { ownKernels } from '../../own-kernels.ts';
import type { Shader, WebGpuKernels } from './kernels.ts';

// A buffer that is written cannot be an input as well: each state has a shader of its own.
const penalised = 'gradient[index] + uniforms.decay * variable[index]';

const firstMoment: Shader = {
  name: 'adam_first_moment',
  inputs: ['gradient', 'variable'],
  numbers: ['beta', 'rest', 'decay'],
  body: `result[index] = uniforms.beta * result[index] + uniforms.rest * (${penalised});`,
};

const secondMoment: Shader = {
  name: 'adam_second_moment',
  inputs: ['gradient', 'variable'],
  numbers: ['beta', 'rest', 'decay'],
  body: `let g = ${penalised}; result[index] = uniforms.beta * result[index] + uniforms.rest * (g * g);`,
};

const adamUpdate: Shader = {
  name: 'adam_update',
  inputs: ['m', 'v'],
  numbers: ['stepSize', 'inverseRoot', 'epsilon'],
  body: `result[index] = result[index]
    - uniforms.stepSize * m[index] / (sqrt(v[index]) * uniforms.inverseRoot + uniforms.epsilon);`,
};

const velocityUpdate: Shader = {
  name: 'sgd_velocity',
  inputs: ['gradient', 'variable'],
  numbers: ['momentum', 'decay'],
  body: `result[index] = uniforms.momentum * result[index] + ${penalised};`,
};

const sgdUpdate: Shader = {
  name: 'sgd_update',
  inputs: ['velocity'],
  numbers: ['rate'],
  body: 'result[index] = result[index] - uniforms.rate * velocity[index];',
};

/** Registers the optimizers' steps, which change their variables in place and have no output. */
export function registerOptimizerKernels(kernels: WebGpuKernels): void {
  kernels.register(ownKernels.adam, (inputs, attrs) => {
    const [variable, gradient, m, v] = [inputs['variable']!, inputs['gradient']!, inputs['m']!, inputs['v']!];
    const { beta1, beta2, stepSize, inverseRoot, epsilon, weightDecay } = attrs as Record<string, number>;
    kernels.change(firstMoment, m, [gradient, variable], [beta1!, 1 - beta1!, weightDecay!]);
    kernels.change(secondMoment, v, [gradient, variable], [beta2!, 1 - beta2!, weightDecay!]);
    kernels.change(adamUpdate, variable, [m, v], [stepSize!, inverseRoot!, epsilon!]);
    return [];
  });
  kernels.register(ownKernels.sgd, (inputs, attrs) => {
    const [variable, gradient, velocity] = [inputs['variable']!, inputs['gradient']!, inputs['velocity']!];
    const { learningRate, momentum, weightDecay } = attrs as Record<string, number>;
    kernels.change(velocityUpdate, velocity, [gradient, variable], [momentum!, weightDecay!]);
    kernels.change(sgdUpdate, variable, [velocity], [learningRate!]);
    return [];
  });
}
