/** One column of the results table: a classifier to train and a task to build on it. */
export interface Column {
  id: string;
  /** Parameters of train-classifier besides the seed. */
  classifier: Record<string, unknown> & { train_data: Record<string, unknown> };
  /** A classifier of clean data on which the training samples are attacked before they get a clean-label trigger. */
  attacked?: Record<string, unknown> & { train_data: Record<string, unknown> };
  /** The task without `run_path` and `seed`. */
  task: Record<string, unknown> & { name: string };
  /** Parameters of single detectors that differ from their defaults here. */
  detectors?: Record<string, Record<string, unknown>>;
}

/** Enough for the built-in digits to be learned with their trigger, little enough for three seeds of everything. */
const training = { num_epochs: 8, batch_size: 64, model: { name: 'mlp', hidden_dims: [128, 128] } };
const glyphs = { name: 'glyphs', default_augmentations: false };

const poisoned = (backdoor: Record<string, unknown>) => ({
  ...training,
  train_data: { name: 'backdoor', original: glyphs, backdoor },
});

/**
 * Half of the training data is trusted, half is untrusted and a hundredth of that anomalous, which is about a tenth of what a
 * classifier of ten classes takes for the target: methods that clean training data expect the poison to be the smaller part of
 * its class. Labels are for skylines alone.
 */
const split = {
  trusted_fraction: 0.5,
  clean_train_weight: 0.99,
  untrusted_labels: true,
  max_train_size: 4000,
  max_test_size: 1600,
};

/** A tenth is poisoned: with a twentieth the harder triggers are hardly learned. */
const backdoorColumn = (name: string, params: Record<string, unknown> = {}): Column => ({
  id: `backdoor: ${name}`,
  classifier: poisoned({ name, p_backdoor: 0.1, ...params }),
  task: { name: 'backdoor', ...split },
});

export const columns: readonly Column[] = [
  backdoorColumn('corner'),
  backdoorColumn('noise'),
  backdoorColumn('wanet', { warping_strength: 2 }),
  backdoorColumn('patch'),
  backdoorColumn('blended'),
  backdoorColumn('sig'),
  backdoorColumn('frequency'),
  {
    // Half of the target class; nobody else carries the trigger.
    ...backdoorColumn('label-consistent', { p_backdoor: 0.05 }),
    attacked: { ...training, train_data: glyphs },
  },
  {
    id: 'adversarial examples',
    classifier: { ...training, train_data: glyphs },
    // Drawn digits are thick strokes far from any boundary: the usual 8/255 fools this classifier too rarely.
    task: {
      name: 'adversarial-examples',
      ...split,
      eps: 0.1,
      step_size: 0.02,
      success_threshold: 0.5,
    },
  },
  { id: 'ood', classifier: poisoned({ name: 'corner', p_backdoor: 0.1 }), task: { name: 'ood', ...split } },
  {
    id: 'toy features',
    classifier: { ...training, train_data: { name: 'toy-features' } },
    task: { name: 'toy-features', ...split },
  },
  {
    id: 'quirky arithmetic',
    classifier: { num_epochs: 10, model: { name: 'transformer' }, train_data: { name: 'arithmetic' } },
    task: { name: 'quirky-arithmetic', ...split, max_test_size: 1000 },
    // Gradients of a block are stored whole, one sample after the other.
    detectors: { 'functional-attribution': { references: 300 } },
  },
];

export const seeds = [0, 1, 2];
