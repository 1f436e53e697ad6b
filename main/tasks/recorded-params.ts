import { z } from 'zod';
import {
  choice,
  columnOrFile,
  optionalColumnOrFile,
  optionalFiles,
  optionalInteger,
  optionalPath,
  optionalText,
  requiredFiles,
} from '../../shared/schema/fields.ts';
import { commonTaskParams } from './split-params.ts';

/** Files, and how they are used. */
export const recordedParams = z.object({
  trusted: requiredFiles({
    label: 'Trusted activations',
    help: 'A folder, a file (.safetensors, .npy, .npz, .parquet), or several as layer=file, with commas between them; a detector learns from them what is normal',
  }),
  untrusted: optionalFiles({
    label: 'Untrusted activations',
    empty: 'None',
    help: 'The same for samples that may be anomalous, for detectors that want some',
  }),
  test: requiredFiles({ label: 'Test activations', help: 'The same for samples that are to be scored' }),
  test_labels: columnOrFile({
    label: 'Labels of the test samples',
    help: 'A column of their metadata, or a file (.npy, .csv, .jsonl, .parquet): 0 normal, 1 anomalous',
    default: 'label',
  }),
  untrusted_labels: optionalColumnOrFile({
    advanced: true,
    label: 'Labels of the untrusted samples',
    empty: 'None',
    help: 'The same for the untrusted samples: only skylines may know',
  }),
  trusted_metadata: optionalPath({
    advanced: true,
    label: 'Metadata of the trusted samples',
    empty: 'What lies beside them',
    help: 'A table with a row for each sample (.csv, .jsonl, .parquet), where it lies elsewhere',
  }),
  test_metadata: optionalPath({
    advanced: true,
    label: 'Metadata of the test samples',
    empty: 'What lies beside them',
    help: 'The same for the test samples',
  }),
  group: optionalText({
    advanced: true,
    label: 'Groups of the test samples',
    empty: 'The column group, where there is one',
    help: 'A column of their metadata: samples with the same value, such as answers to one prompt, are not independent, which widens intervals; none takes every sample as independent',
  }),
  contracts: choice({
    advanced: true,
    label: 'Made differently',
    help: 'Refuse sets whose activations.json says that they come from another model, layer, prompt template or preprocessing; or use them as they are',
    options: ['refuse', 'allow'],
    default: 'refuse',
  }),
  not_finite: choice({
    advanced: true,
    label: 'Samples that are not finite',
    help: 'Refuse sets in which an activation is NaN or infinite, or drop such samples and say how many',
    options: ['refuse', 'drop'],
    default: 'refuse',
  }),
  ...commonTaskParams,
  max_train_size: optionalInteger({
    advanced: true,
    label: 'Trusted samples, at most',
    empty: 'All',
    help: 'Use at most this many trusted samples, drawn at random; up to 500 of the rest calibrate thresholds',
    unit: 'samples',
    min: 1,
  }),
});
/** What can be asked of recorded activations. */
export type RecordedParams = z.output<typeof recordedParams>;
