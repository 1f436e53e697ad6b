import { counted } from '../../../shared/format.ts';
import { asPicked, type Picked } from '../../../shared/schema/fields.ts';
import { triggerRegistry } from '../../data/triggers/index.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { taskRegistry } from '../../tasks/index.ts';
import type { ExperimentResults } from '../experiment-results.ts';
import { heading, list, text, type Block } from './document.ts';
import type { ReportParts } from './request.ts';

/** What the attacker can do, task by task in the tasks' own words, and what each detector sees of it. */
export function threatModel({ columns, rows }: ReportParts, { matrix }: ExperimentResults): Block[] {
  const labelsOf = new Map<string, string[]>();
  columns.forEach(({ task }, c) => {
    if (task && taskRegistry.has(task.name))
      labelsOf.set(task.name, [
        ...(labelsOf.get(task.name) ?? []),
        taskWords(matrix.tasks[c]!.label, task, columns[c]!),
      ]);
  });
  const seen = new Map<string, string[]>();
  matrix.detectors.forEach(({ label, sees }, r) => {
    const name = rows[r]?.detector?.name;
    const source = name !== undefined && detectorRegistry.has(name) ? detectorRegistry.get(name).source : undefined;
    seen.set(sees, [...(seen.get(sees) ?? []), source ? `${label} (${source})` : label]);
  });
  return [
    ...[...labelsOf].flatMap(([name, labels]): Block[] => {
      const { title, summary, threat } = taskRegistry.get(name);
      return [heading(title), text(`${summary}. ${threat}`), ...list(labels)];
    }),
    heading('What detectors see'),
    text('Every detector sees the inner activations of the model and, of the data, what is said here.'),
    ...list(
      [...seen].map(([sees, labels]) => `${sees.charAt(0).toUpperCase()}${sees.slice(1)}: ${labels.join('; ')}.`),
    ),
  ];
}

/** "Corner: one pixel in a corner, ...; 10 % of the training data poisoned." */
function taskWords(label: string, task: Picked, { classifier }: ReportParts['columns'][number]): string {
  const definition = taskRegistry.get(task.name);
  const poison = asPicked(asPicked(classifier?.['train_data'])?.['backdoor']);
  const trigger = asPicked(task['backdoor']) ?? poison;
  const parts = [
    definition.describe(task),
    ...(trigger && triggerRegistry.has(trigger.name) ? [triggerRegistry.get(trigger.name).summary] : []),
    ...(typeof poison?.['p_backdoor'] === 'number'
      ? [`share of the training data poisoned: ${poison['p_backdoor']}`]
      : []),
    ...(typeof poison?.['target_class'] === 'number' ? [`target class ${poison['target_class']}`] : []),
    ...(typeof task['trusted_fraction'] === 'number' ? [`share of the data trusted: ${task['trusted_fraction']}`] : []),
    ...(typeof task['max_test_size'] === 'number' ? [`at most ${counted(task['max_test_size'], 'test sample')}`] : []),
  ];
  return `${label}: ${parts.filter(Boolean).join('; ')}.`;
}
