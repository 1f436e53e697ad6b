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

/**
 * Returns what a new run is called in lists, by its spec and those of its classifier and, for an evaluation, its
 * detector, as far as they are known.
 */
export function plannedTitle(spec: ParsedSpec, classifier?: StoredSpec, detector?: StoredSpec): string {
  if (spec.kind === 'classifier') return describeRun(spec);
  const words = runWords(readStoredSpec(spec.kind, spec.params), classifier, detector);
  return runWordsBy({ kind: spec.kind, fault: null, title: '', id: '', name: '', ...words }, titleOf);
}
