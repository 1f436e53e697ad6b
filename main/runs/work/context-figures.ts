import type { RunRecord } from '../../../shared/domain/run.ts';
import { given } from '../../../shared/given.ts';
import { predictedClasses } from '../../detectors/parts/predictions.ts';
import { activationBatches } from '../../models/activations.ts';
import { metricsOf } from '../../storage/run-folder.ts';
import type { Task } from '../../tasks/task.ts';
import type { RunContext } from '../run-definition.ts';
import { activationStore } from './kept-activations.ts';

/**
 * Returns what was `evaluated` with the figures of the classifier without which a detector's cannot be judged. Its own run knows
 * its accuracy on more samples than the test of a task has; how often the attack of the task succeeds is known from that alone,
 * unless no sample of the test could be attacked.
 */
export function withFiguresOfClassifier({ parents }: Task, evaluated: RunRecord['metrics']): RunRecord['metrics'] {
  const [folder] = parents;
  // A record that cannot be read keeps nobody from studying the model beside it.
  const own = folder === undefined ? {} : metricsOf(folder);
  return {
    ...evaluated,
    ...given({
      clean_accuracy: own['clean_accuracy'] ?? evaluated['clean_accuracy'],
      attack_success: evaluated['attack_success'] ?? own['attack_success'],
    }),
  };
}

/**
 * Returns the share of anomalous samples, 0 to 1, among the untrusted samples of the predicted class that has most
 * anomalies; among all of them where the model predicts none. It decides whether a method that cleans training data meets
 * poison as the smaller part. Undefined without untrusted data or without anomalies among them.
 */
export async function poisonShare(
  { source, untrusted }: Task,
  batchSize: number,
  context: RunContext,
): Promise<number | undefined> {
  if (!untrusted?.truth?.includes(1)) return undefined;
  const { dataset, indices, truth } = untrusted;
  const counts = new Map<number, { anomalous: number; all: number }>();
  const store = await activationStore(source, context);
  const options = {
    names: [],
    pooling: 'none',
    logits: source.outputWidth !== undefined,
    batchSize,
    indices,
    store,
    signal: context.signal,
  } as const;
  let done = 0;
  for await (const batch of activationBatches(source, dataset, options)) {
    for (const label of batch.logits ? predictedClasses(batch) : new Int32Array(batch.size)) {
      const count = counts.get(label) ?? { anomalous: 0, all: 0 };
      counts.set(label, { anomalous: count.anomalous + truth[done++]!, all: count.all + 1 });
    }
  }
  const target = [...counts.values()].reduce((most, count) => (count.anomalous > most.anomalous ? count : most));
  return target.anomalous / target.all;
}
