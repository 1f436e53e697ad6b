import type { ExperimentSpecInput } from '../../../shared/domain/experiment.ts';
import { glyphs, poisoned as withTrigger } from './parts.ts';

const poisoned = (trigger: Record<string, unknown>) => withTrigger({ p_backdoor: 0.1, ...trigger });

/** Eight detectors on six tasks of the built-in digits: minutes on two cores. */
export const quick: ExperimentSpecInput = {
  name: 'Quick suite',
  question: 'Which detectors find triggers, adversarial examples and foreign data on the built-in digits?',
  seeds: 3,
  training: { num_epochs: 6, batch_size: 64, model: { name: 'mlp', hidden_dims: [64, 64] } },
  tasks: [
    { name: 'backdoor', label: 'Corner', classifier: poisoned({ name: 'corner' }) },
    { name: 'backdoor', label: 'Noise', classifier: poisoned({ name: 'noise' }) },
    { name: 'backdoor', label: 'Blended', classifier: poisoned({ name: 'blended' }) },
    { name: 'backdoor', label: 'WaNet', classifier: poisoned({ name: 'wanet', warping_strength: 2 }) },
    {
      name: 'adversarial-examples',
      label: 'Adversarial',
      classifier: { train_data: glyphs },
      eps: 0.1,
      step_size: 0.02,
      success_threshold: 0.5,
    },
    { name: 'ood', label: 'OOD', classifier: poisoned({ name: 'corner' }) },
  ].map((task) => ({
    ...task,
    trusted_fraction: 0.5,
    untrusted_labels: true,
    max_train_size: 2000,
    max_test_size: 1000,
  })),
  detectors: [
    'supervised-probe',
    'mahalanobis',
    'class-mahalanobis',
    'que',
    'pca-residual',
    'knn',
    'spectral',
    'max-softmax',
  ],
  evaluation: { analysis: false },
};
