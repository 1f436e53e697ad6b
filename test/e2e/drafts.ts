import type { ExperimentDraft } from '../../shared/domain/draft.ts';

interface TinyExperiment {
  epochs?: number;
  detectors?: readonly string[];
}

/** An experiment on a few hundred of the built-in digits that takes seconds, or as long as `epochs` make it. */
export function tinyDraft({ epochs = 2, detectors = ['mahalanobis'] }: TinyExperiment = {}): ExperimentDraft {
  return {
    preset: '',
    classifier: {
      source: 'train',
      params: {
        train_data: { name: 'backdoor', original: { name: 'glyphs', limit: 1000 }, backdoor: { name: 'corner' } },
        model: { name: 'mlp', hidden_dims: [32, 32] },
        num_epochs: epochs,
        batch_size: 64,
      },
    },
    task: { name: 'backdoor' },
    detectors: detectors.map((name) => ({ name })),
    evaluation: {},
    engine: 'auto',
    tags: [],
  };
}
