import type { Picked } from '../../shared/schema/fields.ts';
import { datasetFacts } from '../data/datasets/load.ts';
import { describeClassifier, type ClassifierOutline } from './classifier.ts';
import { checkFitsClassifier, checkUnpoisoned } from './clean-data.ts';
import type { SplitParams } from './splits.ts';
import type { TaskOutline } from './task.ts';

/** What a task that watches a classifier offers, from its parameters and the classifier's description alone. */
export function outlineClassifierTask(
  params: SplitParams & { run_path: string; data?: Picked | undefined },
  hasUntrusted = params.trusted_fraction < 1,
): TaskOutline & { classifier: ClassifierOutline } {
  const classifier = describeClassifier(params.run_path);
  if (params.data) {
    checkUnpoisoned(params.data);
    checkOutlineFits(classifier, params.data);
  }
  return {
    classifier,
    network: classifier.network,
    offers: {
      trusted: params.trusted_fraction > 0,
      untrusted: hasUntrusted,
      anomalyLabels: hasUntrusted && params.untrusted_labels,
      gradients: classifier.network.isDifferentiable,
    },
  };
}

/** @throws CupbearerError `usage` where the classifier cannot take them. */
export function checkOutlineFits(classifier: ClassifierOutline, data: Picked): void {
  checkFitsClassifier(classifier, datasetFacts(data), data.name);
}
