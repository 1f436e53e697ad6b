import { datasetFacts } from '../../data/datasets/load.ts';
import type { DatasetFacts } from '../../data/dataset.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { datasetTitle } from './data-faults.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { orNothing, type DraftView } from './draft-view.ts';

/** What of a task does not go with its classifier, or with itself. */
export function taskFaults({ task, data, facts }: DraftView): Fault[] {
  if (!task) return [];
  const { trainedOn, params } = taskRegistry.get(task.name);
  const faults: Fault[] = [];
  if (data && trainedOn !== undefined && data.originalData.name !== trainedOn) {
    const needed = datasetTitle({ name: trainedOn });
    const found = datasetTitle(data.originalData);
    faults.push({
      path: ['task', 'name'],
      message: `Needs a classifier trained on ${needed}; this one is trained on ${found}.`,
    });
  }
  const trigger = (task['backdoor'] as Picked | undefined) ?? data?.trigger?.spec;
  if (data && 'backdoor' in params.shape && !trigger)
    faults.push({ path: ['task', 'backdoor'], message: 'Choose a trigger: the classifier is trained without one.' });
  const change = task['change'] as Picked | undefined;
  if (trigger && change?.name === trigger.name)
    faults.push({ path: ['task', 'change'], message: 'Must be another change than the trigger.' });
  for (const [key, value] of Object.entries(task)) {
    if (key === 'data' || key.endsWith('_data')) faults.push(...fitFaults(key, value as Picked | undefined, facts));
  }
  const share = task['clean_test_weight'];
  if (share === 0 || share === 1) {
    const message = 'Must leave both clean and anomalous samples: more than 0 and less than 100\u00a0%.';
    faults.push({ path: ['task', 'clean_test_weight'], message });
  }
  return faults;
}

/** Data of another shape than the classifier takes. */
function fitFaults(key: string, picked: Picked | undefined, expected: DatasetFacts | undefined): Fault[] {
  const found = picked && orNothing(() => datasetFacts(picked));
  if (!found || !expected) return [];
  if (found.shape.join() === expected.shape.join() && found.classes.length === expected.classes.length) return [];
  const sentence = ({ shape, classes }: DatasetFacts) => `${shape.join(' × ')} in ${classes.length} classes`;
  const message = `Must be what the classifier takes, ${sentence(expected)}; ${datasetTitle(picked)} has ${sentence(found)}.`;
  return [{ path: ['task', key], message }];
}
