import type { Definition, Registry } from '../../../shared/definition.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';
import { runWordsBy } from '../../../shared/run-titles.ts';
import { datasetRegistry } from '../../data/datasets/index.ts';
import { triggerRegistry } from '../../data/triggers/index.ts';
import { describeRun } from '../../runs/index.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import { readStoredSpec, type StoredSpec } from '../../runs/stored-spec.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { runWords } from './run-words.ts';

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

/** Returns what a run will be called in lists that is not there yet, by its spec and that of its classifier, if known. */
export function plannedTitle(spec: ParsedSpec, classifier: StoredSpec | undefined): string {
  if (spec.kind === 'classifier') return describeRun(spec);
  const words = runWords(readStoredSpec(spec.kind, spec.params), classifier, undefined);
  return runWordsBy({ kind: spec.kind, fault: null, title: '', id: '', name: '', ...words }, titleOf);
}
