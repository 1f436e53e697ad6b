import type { RunRecord } from '../../../shared/domain/run.ts';
import { predict } from '../../models/training.ts';
import { metricsOf } from '../../storage/run-folder.ts';
import type { Task } from '../../tasks/task.ts';
import type { RunContext } from '../run-definition.ts';

/** Of a classifier's figures, those without which a detector's cannot be judged: has the backdoor taken at all? */
const classifierFigures = ['clean_accuracy', 'attack_success'] as const;

/** Returns clean accuracy and attack success of the classifier that a task watches, as far as its run has them. */
export function figuresOfClassifier({ parents }: Task): RunRecord['metrics'] {
  const [folder] = parents;
  if (folder === undefined) return {};
  // A model can be studied even if its record cannot be read.
  const metrics = metricsOf(folder);
  return Object.fromEntries(
    classifierFigures.filter((name) => name in metrics).map((name) => [name, metrics[name] ?? null]),
  );
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
