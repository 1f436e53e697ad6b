import type { Definition, Registry } from '../../../shared/definition.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';
import { runWordsBy } from '../../../shared/run-titles.ts';
import { datasetRegistry } from '../../data/datasets/index.ts';
import { triggerRegistry } from '../../data/triggers/index.ts';
import { taskRegistry } from '../../tasks/index.ts';

const registries: Readonly<Record<string, Registry<Definition>>> = {
  task: taskRegistry,
  trigger: triggerRegistry,
  dataset: datasetRegistry,
};

function titleOf(kind: string, id: string): string {
  const registry = registries[kind];
  return registry?.has(id) ? registry.get(id).title : id;
}

/**
 * Returns what a run is called in lists and reports: a classifier by its title, which may be one that it was given, any other
 * as in the window, by its detector, its task and the triggers of training and test.
 */
export function runTitle(summary: RunSummary): string {
  return summary.kind === 'classifier' ? summary.title : runWordsBy(summary, titleOf);
}
