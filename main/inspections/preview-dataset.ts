import { CupbearerError } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { checkNotCancelled } from '../data/cancellation.ts';
import type { Dataset } from '../data/dataset.ts';
import { datasetFacts, loadSplit } from '../data/datasets/load.ts';
import { range, slices } from '../models/batches.ts';
import type { InspectionContext, LooseSamples } from './inspection.ts';
import { drawIndices, showSamples } from './show-samples.ts';

/** Samples of each class, by split. */
interface ClassCounts {
  classes: string[];
  train: number[];
  test: number[];
}

/**
 * Returns some training samples of a dataset, how many samples of each class both halves have (null if a half is
 * missing), and notes about the data.
 */
export async function previewDataset(
  { dataset, draw, count }: { dataset: Picked; draw: number; count: number },
  context: InspectionContext,
): Promise<{ samples: LooseSamples; counts: ClassCounts | null; notes: string[] }> {
  const { dataDir, signal, datasets: cache } = context;
  const found = new Set<string>();
  const warn = (note: string) => void found.add(note);
  const half = (train: boolean) =>
    loadSplit(dataset, { train, augment: false }, { dataDir, seed: 0, signal, cache, warn });
  const train = await half(true);
  const samples = showSamples(train, undefined, drawIndices(train.length, count, draw));
  const test = await half(false).catch((error: unknown) => {
    if (error instanceof CupbearerError && error.code === 'not-found') return undefined;
    throw error;
  });
  const notes = [...found];
  if (!test) return { samples, counts: null, notes };
  const classes = [...datasetFacts(dataset, dataDir).classes];
  const counts = { classes, train: countClasses(train, signal), test: countClasses(test, signal) };
  return { samples, counts, notes };
}

/** Counts of datasets that were counted before: it takes reading all of them. */
const counted = new WeakMap<Dataset, number[]>();
const stride = 1000;

function countClasses(dataset: Dataset, signal: AbortSignal): number[] {
  const known = counted.get(dataset);
  if (known) return known;
  const counts = dataset.classes.map(() => 0);
  for (const indices of slices(range(dataset.length), stride)) {
    checkNotCancelled(signal, 'Counting classes');
    for (const label of dataset.read(indices, 0).labels) counts[label]!++;
  }
  counted.set(dataset, counts);
  return counts;
}
