import type { ExperimentDraft, Preset } from '../../shared/domain/draft.ts';
import { datasetState } from '../data/dataset-files.ts';

/** A preset for the digits that are available: MNIST, or the built-in glyphs if MNIST is not on disk. */
interface PresetDefinition {
  id: string;
  title: string;
  summary: string;
  usualMs?: number;
  /** Datasets that it cannot do without. */
  needs?: readonly string[];
  draft(digits: string): Pick<ExperimentDraft, 'task' | 'detectors'> & {
    classifier: Record<string, unknown>;
    evaluation?: Record<string, unknown>;
  };
}

const smallMlp = { name: 'mlp', hidden_dims: [128, 128] };
const mahalanobis = { name: 'mahalanobis' };
const poisoned = (original: string, backdoor: object) => ({ name: 'backdoor', original: { name: original }, backdoor });
/** The glyphs are few: small batches and some more epochs bring a classifier as far as MNIST's many do. */
const training = (digits: string) =>
  digits === 'glyphs' ? { model: smallMlp, num_epochs: 8, batch_size: 64 } : { model: smallMlp, num_epochs: 5 };

const presets: readonly PresetDefinition[] = [
  {
    id: 'first-example',
    title: 'First example',
    summary: 'Corner pixel',
    usualMs: 60_000,
    draft: () => ({
      classifier: { train_data: poisoned('glyphs', { name: 'corner' }), ...training('glyphs') },
      task: { name: 'backdoor' },
      detectors: [mahalanobis],
    }),
  },
  {
    id: 'seed-readme',
    title: 'Corner pixel on MNIST',
    summary: "The seed library's main job",
    needs: ['mnist'],
    draft: () => ({
      classifier: { train_data: poisoned('mnist', { name: 'corner' }), model: { name: 'mlp' } },
      task: { name: 'backdoor' },
      detectors: [mahalanobis],
    }),
  },
  {
    id: 'ood-ablation',
    title: 'OOD ablation',
    summary: 'Noise counts as normal',
    draft: (digits) => ({
      classifier: { train_data: poisoned(digits, { name: 'corner' }), ...training(digits) },
      task: { name: 'ood' },
      // One that distinguishes the trigger from noise, and one that finds noise more anomalous.
      detectors: [mahalanobis, { name: 'functional-attribution' }],
    }),
  },
  {
    id: 'wanet',
    title: 'WaNet',
    summary: 'A warp nobody can see',
    draft: (digits) => ({
      // Weaker or shorter, the warp is hardly learned, and there is little for a detector to find.
      classifier: {
        train_data: poisoned(digits, { name: 'wanet', p_backdoor: 0.1, warping_strength: 3 }),
        ...training(digits),
        num_epochs: 12,
      },
      task: { name: 'backdoor' },
      detectors: [mahalanobis, { name: 'functional-attribution' }],
    }),
  },
  {
    id: 'adversarial',
    title: 'Adversarial examples',
    summary: 'PGD, radius 0.2',
    draft: (digits) => ({
      classifier: { train_data: { name: digits }, ...training(digits) },
      // Digits have two grey values, almost: a smaller radius leaves too many predictions as they were.
      task: { name: 'adversarial-examples', eps: 0.2, step_size: 0.02, max_test_size: 2000 },
      detectors: [mahalanobis],
    }),
  },
  {
    id: 'toy-features',
    title: 'Toy features',
    summary: 'Two features part ways',
    draft: () => ({
      classifier: {
        train_data: { name: 'toy-features' },
        model: { name: 'mlp', hidden_dims: [32, 32] },
        num_epochs: 5,
      },
      task: { name: 'toy-features' },
      detectors: [mahalanobis],
    }),
  },
  {
    id: 'quirky-arithmetic',
    title: 'Quirky arithmetic',
    summary: 'Transformer, Alice and Bob',
    draft: () => ({
      classifier: {
        train_data: { name: 'arithmetic' },
        model: { name: 'transformer' },
        num_epochs: 15,
      },
      task: { name: 'quirky-arithmetic' },
      detectors: [mahalanobis],
    }),
  },
  {
    id: 'from-files',
    title: 'From files',
    summary: 'Activations of any model',
    draft: (digits) => ({
      // What another task would start with.
      classifier: { train_data: poisoned(digits, { name: 'corner' }) },
      task: { name: 'activations' },
      detectors: [mahalanobis],
    }),
  },
  {
    id: 'blank',
    title: 'Blank',
    summary: 'Every field at its default',
    draft: (digits) => ({
      classifier: { train_data: poisoned(digits, { name: 'corner' }) },
      task: { name: 'backdoor' },
      detectors: [],
    }),
  },
];

/** The experiments that the wizard can start from, for the data that are on disk. */
export function listPresets(dataDir: string): Preset[] {
  const isThere = (name: string) => datasetState(name, dataDir) === 'present';
  const digits = isThere('mnist') ? 'mnist' : 'glyphs';
  return presets.map((preset) => {
    const { id, title, summary, usualMs = null, needs = [] } = preset;
    const { classifier, task, detectors, evaluation = {} } = preset.draft(digits);
    return {
      id,
      title,
      summary,
      usualMs,
      missingData: needs.filter((name) => !isThere(name)),
      draft: {
        preset: id,
        classifier: { source: 'train', params: classifier },
        task,
        detectors,
        evaluation,
        engine: 'auto',
        tags: [],
      },
    };
  });
}
