import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import {
  classifiersOf,
  openClassifierOf,
  openTaskOf,
  tasksOf,
  withClassifiers,
  withFirstValues,
  withTasks,
} from '../../../shared/draft-parts.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { watches } from './draft-specs.ts';

/** Where a part of a draft is that is looked at beside the open task: its kind, and its place among all. */
export type PartPath = readonly [kind: 'otherTasks' | 'otherClassifiers' | 'classifier', place: string];

/**
 * The draft of the open task and classifier alone, as the forms of runs have it: swept parameters have their first value,
 * each detector its layers, and labels, which belong to the matrix, are left out.
 */
export function plainDraft(draft: ExperimentDraft): ExperimentDraft {
  const {
    classifier,
    task,
    detectors,
    fitted = [],
    evaluation,
    preset,
    engine,
    tags,
    taskTraining,
  } = withFirstValues(draft);
  return {
    preset,
    engine,
    tags,
    evaluation,
    classifier:
      classifier.source === 'train'
        ? { source: 'train', params: { ...classifier.params, ...taskTraining } }
        : classifier,
    task: unlabelled(task),
    detectors: detectors.map((detector) => unlabelled(withLayers(detector, layersOf(draft)))),
    ...(fitted.length === 0 ? {} : { fitted }),
  };
}

/**
 * The plain drafts of each task on the open classifier, and of each classifier with the open task, the open ones left out. Where the open
 * task watches no classifier, all of them are with the first task that does, the open one under `classifier`.
 */
export function otherDrafts(draft: ExperimentDraft): { at: PartPath; draft: ExperimentDraft }[] {
  const tasks = tasksOf(draft);
  const classifiers = classifiersOf(draft);
  const [openTask, openClassifier] = [openTaskOf(draft), openClassifierOf(draft)];
  const watching = watches(draft.task.name) ? openTask : tasks.findIndex(({ task }) => watches(task.name));
  const ofTask = (i: number) => ({
    at: ['otherTasks', String(i)] as const,
    draft: plainDraft(withTasks(draft, tasks, i)),
  });
  const ofClassifier = (i: number) => ({
    at: [i === openClassifier ? 'classifier' : 'otherClassifiers', String(i)] as const,
    draft: plainDraft(withClassifiers(withTasks(draft, tasks, watching), classifiers, i)),
  });
  const others = (parts: readonly unknown[], open: number) => [...parts.keys()].filter((i) => i !== open);
  return [
    ...others(tasks, openTask).map(ofTask),
    ...(watching === -1 ? [] : others(classifiers, watching === openTask ? openClassifier : -1).map(ofClassifier)),
  ];
}

/** Layers of all detectors that have none of their own; other classifiers may not have these, so that each has its usual ones. */
export function layersOf({ layers, otherClassifiers = [] }: ExperimentDraft): string[] | undefined {
  return otherClassifiers.length === 0 ? layers : undefined;
}

/** A detector with the layers of all, if it looks at layers and has none of its own. */
export function withLayers(detector: Picked, layers: string[] | undefined): Picked {
  const takesNone = detectorRegistry.has(detector.name) && detectorRegistry.get(detector.name).needs.layers === 0;
  return layers === undefined || takesNone || detector['layers'] !== undefined ? detector : { ...detector, layers };
}

function unlabelled({ label: _, ...part }: Picked): Picked {
  return part;
}
