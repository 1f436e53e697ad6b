import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import { parseNpy } from '../../main/storage/npy.ts';
import { sharedFolder } from '../shared-folder.ts';

/** The folder with the peer library's numbers for an mlp on MNIST: `CUPBEARER_REFERENCE`, else in the shared folder. */
const folder = [
  process.env['CUPBEARER_REFERENCE'],
  sharedFolder && join(sharedFolder, 'reference', 'mnist-mlp-corner'),
].find((candidate) => candidate !== undefined && existsSync(join(candidate, 'expected.json')));

/** Whether the numbers are here, and what a suite's title says where they are not. */
export const hasVectors = folder !== undefined;
export const withoutVectors = hasVectors ? '' : ' (skipped: no reference folder)';

/** The three layers whose outputs are stored, with the short names they have in file names. */
export const layers = ['linear_0', 'linear_1', 'linear_2'].map((short) => ({ short, name: `layers.${short}.output` }));

/** The array in `name.npy`. */
export function vectors(name: string): NamedTensor {
  const path = join(folder!, `${name}.npy`);
  return parseNpy(readFileSync(path), path);
}

/** A row of the peer's expected.json: settings and what came out. */
export interface ExpectedScores {
  settings: { rcond: number; relative: boolean; shrinkage: number };
  scores: Record<string, number[]>;
  scores_float64?: Record<string, number[]>;
  all_mean: number[];
  all_max: number[];
  all_mean_float64?: number[];
  all_max_float64?: number[];
  metrics: Record<string, { AUC_ROC: number; AP: number }>;
  metrics_float64?: Record<string, { AUC_ROC: number; AP: number }>;
}

/** The entries of expected.json whose names begin with `prefix`. */
export function expectedScores(prefix: string): [string, ExpectedScores][] {
  if (!folder) return [];
  const { detectors } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
    detectors: Record<string, ExpectedScores>;
  };
  return Object.entries(detectors).filter(([name]) => name.startsWith(prefix));
}
