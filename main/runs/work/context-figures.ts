import type { RunRecord } from '../../../shared/domain/run.ts';
import { given } from '../../../shared/given.ts';
import { predict } from '../../models/training.ts';
import { metricsOf } from '../../storage/run-folder.ts';
import type { Task } from '../../tasks/task.ts';
import type { RunContext } from '../run-definition.ts';

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
 * anomalies. It decides whether a method that cleans training data meets poison as the smaller part. Undefined without
 * untrusted data or without anomalies among them.
 */
export async function poisonShare(
  { network, untrusted }: Task,
  batchSize: number,
  { signal }: Pick<RunContext, 'signal'>,
): Promise<number | undefined> {
  if (!untrusted?.truth?.includes(1)) return undefined;
  const { dataset, indices, truth } = untrusted;
  const { predicted } = await predict(network, dataset, { batchSize, indices, signal });
  const counts = new Map<number, { anomalous: number; all: number }>();
  predicted.forEach((label, i) => {
    const count = counts.get(label) ?? { anomalous: 0, all: 0 };
    counts.set(label, { anomalous: count.anomalous + truth[i]!, all: count.all + 1 });
  });
  const target = [...counts.values()].reduce((most, count) => (count.anomalous > most.anomalous ? count : most));
  return target.anomalous / target.all;
}
