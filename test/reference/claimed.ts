/** Entries of expected.json by the test file beside this one that checks them. */
export const claimed: Readonly<Record<string, readonly string[]>> = {
  'mahalanobis.test.ts': [
    'mahalanobis_relative_false_shrinkage_0',
    'mahalanobis_relative_false_shrinkage_0.1',
    'mahalanobis_relative_true_shrinkage_0',
    'mahalanobis_relative_true_shrinkage_0.1',
    'mahalanobis_streamed_batch32',
  ],
  'spectral.test.ts': ['spectral'],
  'que.test.ts': ['que', 'que_whitened_untrusted_NOT_LIBRARY'],
  'beatrix.test.ts': ['beatrix', 'beatrix_batches100_moving_average', 'beatrix_batches100_median_of_medians'],
  'ted.test.ts': ['ted', 'ted_normalized_max'],
  'vae.test.ts': ['vae_kld_weight_1_no_noise', 'vae_kld_weight_0_no_noise'],
  'abstraction.test.ts': ['lca_local_l2', 'lca_global_l2'],
  'finetuning.test.ts': ['finetuning_kl'],
  'supervised-probe.test.ts': ['supervised_probe', 'supervised_probe_converged', 'supervised_probe_converged_float64'],
};
