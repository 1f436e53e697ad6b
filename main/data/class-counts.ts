import { numbered } from '../../shared/format.ts';
import type { Dataset } from './dataset.ts';

/** How many names a sentence lists. */
const named = 5;

/** Returns how many samples each of `classes` classes has, of their labels `[n]`. */
export function countLabels(labels: ArrayLike<number>, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  return counts;
}

/** Adds a note to a half of a dataset that names the classes without samples; those whose labels are unknown get none. */
export function withAbsentClasses(dataset: Dataset, isTraining: boolean): Dataset {
  const counts = dataset.classCounts?.();
  const absent = counts ? dataset.classes.filter((_, label) => counts[label] === 0) : [];
  if (absent.length === 0) return dataset;
  const more = absent.length > named ? `, and ${absent.length - named} more` : '';
  const note = `${numbered(absent.length, 'class', 'classes')} of ${dataset.classes.length} without a sample in the ${isTraining ? 'training' : 'test'} half: ${absent.slice(0, named).join(', ')}${more}.`;
  return { ...dataset, notes: [...(dataset.notes ?? []), note] };
}

/** How many samples are looked at before all are. */
const firstLook = 64;
/** How many are read at once after that. */
const stride = 1000;

/**
 * Returns the label that all samples have; undefined if there are several, which a look at a few mostly shows, or no samples.
 */
export function onlyLabel(dataset: Dataset): number | undefined {
  const { length } = dataset;
  const looks = Math.min(firstLook, length);
  const spread = Int32Array.from({ length: looks }, (_, i) => Math.floor((i * length) / looks));
  const [label, ...others] = new Set(dataset.read(spread, 0).labels);
  if (label === undefined || others.length > 0) return undefined;
  for (let from = 0; from < length; from += stride) {
    const indices = Int32Array.from({ length: Math.min(stride, length - from) }, (_, i) => from + i);
    if (dataset.read(indices, 0).labels.some((other) => other !== label)) return undefined;
  }
  return label;
}
