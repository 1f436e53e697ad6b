/** A draft on an engine, as small as can be, to be estimated. */
export const estimatedDraft = (engine: string) => ({
  draft: {
    preset: '',
    classifier: {
      source: 'train' as const,
      params: {
        train_data: { name: 'backdoor', original: { name: 'glyphs', limit: 100 }, backdoor: 'corner' },
        model: { name: 'mlp', hidden_dims: [8] },
        num_epochs: 1,
      },
    },
    task: { name: 'backdoor', max_test_size: 40 },
    detectors: [{ name: 'mahalanobis' }],
    evaluation: { analysis: false },
    engine,
    tags: [],
  },
  classifierFolder: null,
});
