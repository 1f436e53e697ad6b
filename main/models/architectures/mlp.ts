import { z } from 'zod';
import { integers } from '../../../shared/schema/fields.ts';
import { defineArchitecture } from '../architecture.ts';
import { flatten, linear, relu, sequential, type Module } from '../modules.ts';

/** `linear_0, relu_0, linear_1, ..., linear_k`: hidden layers with ReLU, then the logits. */
export function denseLayers(hiddenDims: readonly number[], classes: number): Module {
  const modules: Record<string, Module> = {};
  hiddenDims.forEach((width, i) => {
    modules[`linear_${i}`] = linear(width);
    modules[`relu_${i}`] = relu();
  });
  modules[`linear_${hiddenDims.length}`] = linear(classes);
  return sequential(modules);
}

export const mlp = defineArchitecture({
  id: 'mlp',
  title: 'Multi-layer perceptron',
  summary: 'Dense layers with ReLU on the flattened input',
  source: 'ejnnr/cupbearer, models.MLP',
  params: z.object({
    hidden_dims: integers({
      label: 'Hidden layers',
      help: 'Width of each hidden layer, first to last',
      unit: 'neurons',
      default: [256, 256],
      min: 1,
      max: 65536,
    }),
  }),
  build: (params, { classes }) => sequential({ flatten: flatten(), layers: denseLayers(params.hidden_dims, classes) }),
});
