import type { ExperimentSpecInput } from '../../../shared/domain/experiment.ts';
import { poisoned } from './parts.ts';

/**
 * The datasets of the library with the architecture that its configurations take for each. The library's radius of 8/255 fools a
 * classifier of MNIST's thick strokes on a quarter of the images only.
 */
const sources = [
  { title: 'MNIST', data: 'mnist', model: { name: 'mlp' }, attack: { eps: 0.2, step_size: 0.02 } },
  { title: 'CIFAR-10', data: 'cifar10', model: { name: 'preactresnet18' }, attack: {} },
] as const;

const triggers = [
  { title: 'corner', trigger: { name: 'corner', p_backdoor: 0.05 } },
  { title: 'noise', trigger: { name: 'noise', p_backdoor: 0.05 } },
  { title: 'WaNet', trigger: { name: 'wanet', p_backdoor: 0.1 } },
] as const;

/** The tasks and detectors of the Python library that this program follows, on its datasets (ejnnr/cupbearer). */
export const seedLibrary: ExperimentSpecInput = {
  name: 'Seed library suite',
  question: 'How do the detectors of the seed library do on its tasks?',
  seeds: 3,
  tasks: sources.flatMap(({ title, data, model, attack }) => [
    ...triggers.map((each) => ({
      name: 'backdoor',
      label: `${title}, ${each.title}`,
      classifier: { ...poisoned(each.trigger, data), model },
      trusted_fraction: 0.5,
      max_test_size: 2000,
    })),
    {
      name: 'adversarial-examples',
      label: `${title}, adversarial`,
      classifier: { train_data: data, model },
      ...attack,
      trusted_fraction: 0.5,
      max_test_size: 2000,
    },
  ]),
  detectors: ['mahalanobis', 'spectral', 'que', 'abstraction', 'adversarial-abstraction', 'finetuning'],
};
