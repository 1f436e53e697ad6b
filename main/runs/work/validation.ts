import type { Dataset } from '../../data/dataset.ts';
import { isPoisonedDataset } from '../../data/transforms/poisoning.ts';
import { classShares } from '../../evaluation/class-shares.ts';
import { range, slices } from '../../models/batches.ts';
import { predict } from '../../models/training.ts';
import type { Network } from '../../models/network.ts';

/** How a classifier does on one dataset. Shares are 0 to 1. */
export interface Validation {
  samples: number;
  /** Share of samples predicted as labelled; in poisoned data the label is the attacker's. */
  accuracy: number;
  /**
   * Share of the poisoned samples predicted as the attacker wants, over those whose true class is another (a trigger
   * cannot be credited for what was right before); null where there are none. Only for poisoned data.
   */
  attack_success?: number | null;
  /** How samples and answers spread over classes, as in {@link ClassShares}; earlier versions did not keep it. */
  largest_class?: number;
  largest_prediction?: number;
}

/** Enough for the engine to work in large pieces, little enough to keep memory low. */
const batchSize = 1000;

/** Runs the classifier over all of `dataset`. */
export async function validate(network: Network, dataset: Dataset, signal: AbortSignal): Promise<Validation> {
  const { predicted, labels } = await predict(network, dataset, { batchSize, signal });
  const shareAsLabelled = (among: (i: number) => boolean = () => true) => {
    let hits = 0;
    let total = 0;
    for (let i = 0; i < labels.length; i++) {
      if (!among(i)) continue;
      total++;
      if (predicted[i] === labels[i]) hits++;
    }
    return total === 0 ? null : hits / total;
  };
  const { largest_class, largest_prediction } = classShares(labels, predicted);
  const validation: Validation = {
    samples: labels.length,
    accuracy: shareAsLabelled() ?? 0,
    largest_class,
    largest_prediction,
  };
  if (isPoisonedDataset(dataset)) {
    const own = labelsOf(dataset.clean);
    validation.attack_success = shareAsLabelled((i) => dataset.isPoisoned(i) && own[i] !== labels[i]);
  }
  return validation;
}

function labelsOf(dataset: Dataset): Int32Array {
  const labels = new Int32Array(dataset.length);
  for (const indices of slices(range(dataset.length), batchSize))
    labels.set(dataset.read(indices, 0).labels, indices[0]);
  return labels;
}
