import type { DraftCheck, ExperimentDraft } from '../../../shared/domain/draft.ts';
import { cellsOf, classifiersOf, isExperiment, tasksOf, variantsOf } from '../../../shared/draft-parts.ts';
import { counted, formatCount, inSentence, numbered } from '../../../shared/format.ts';
import { asPicked, type Picked } from '../../../shared/schema/fields.ts';
import { triggerRegistry } from '../../data/triggers/index.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { triggerOfTask } from '../../tasks/trigger-of-task.ts';
import { datasetTitle } from '../../data/datasets/dataset-title.ts';
import { draftArchitecture, draftTrains, draftWatchesClassifier, watches, type DraftSubject } from './draft-specs.ts';
import { orNothing, viewDraft, type DraftView } from './draft-view.ts';

/** Each step's choice in a few words: "MNIST, corner pixel". `subject` has the open task and classifier of `draft`. */
export function draftSummaries(
  draft: ExperimentDraft,
  subject: DraftSubject,
  dataDir: string,
): DraftCheck['summaries'] {
  const view = viewDraft(subject, dataDir);
  const tasks = tasksOf(draft).length;
  const classifiers = tasksOf(draft).some(({ task }) => watches(task.name)) ? classifiersOf(draft).length : 0;
  const runs = draft.detectors.length + (draftTrains(subject) ? 1 : 0);
  return {
    task: tasks > 1 ? counted(tasks, 'task') : taskSummary(subject, view),
    model: classifiers === 0 ? 'None needed' : classifiers > 1 ? counted(classifiers, 'model') : modelSummary(subject),
    detectors: detectorSummary(draft),
    evaluation: evaluationSummary(view),
    review: isExperiment(draft, watches) ? counted(cellsOf(draft, watches), 'cell') : counted(runs, 'run'),
  };
}

function taskSummary(subject: DraftSubject, { data, task }: DraftView): string {
  if (task && !draftWatchesClassifier(subject)) return taskRegistry.get(task.name).describe(task);
  if (!data || !task) return 'Not complete yet';
  const { hasTrigger, asked } = triggerOfTask(task);
  const trigger = asked ?? data.trigger?.spec;
  const what = hasTrigger && trigger ? triggerRegistry.get(trigger.name).title : taskRegistry.get(task.name).title;
  const own = asPicked(task['data']) ?? data.originalData;
  if (!own) return what;
  const shown = datasetTitle(own);
  return what === shown ? shown : `${shown}, ${inSentence(what)}`;
}

function modelSummary({ draft }: DraftSubject): string {
  if (draft.classifier.source === 'run') return draft.classifier.run === '' ? 'None chosen' : 'From the catalogue';
  const architecture = orNothing(() => draftArchitecture(draft));
  return architecture ? `${architectureName(architecture)}, train new` : 'Train new';
}

/** "mlp 128-128", "cnn 32-64 256-256". */
function architectureName({ name, ...params }: Picked): string {
  const sizes = Object.values(params).filter((value) => Array.isArray(value));
  return [name, ...sizes.map((widths) => widths.join('-'))].join(' ');
}

function detectorSummary(draft: ExperimentDraft): string {
  const { detectors, fitted = [] } = draft;
  const [only] = detectors;
  if (!only && fitted.length > 0) return `${formatCount(fitted.length)} fitted before`;
  if (!only) return 'None chosen';
  if (fitted.length > 0)
    return `${counted(variantsOf(draft), 'detector')}, ${formatCount(fitted.length)} fitted before`;
  const variants = variantsOf(draft);
  if (variants > detectors.length)
    return `${formatCount(detectors.length)} chosen, ${formatCount(variants)} with the sweep`;
  if (detectors.length > 2) return counted(detectors.length, 'detector');
  if (detectors.length === 2) return detectors.map(({ name }) => name).join(', ');
  const layers = only['layers'] ?? draft.layers;
  return Array.isArray(layers) ? `${only.name}, ${numbered(layers.length, 'layer')}` : only.name;
}

function evaluationSummary(view: DraftView): string {
  const size = testSize(view);
  return size === undefined ? 'Test samples not known yet' : counted(size, 'test sample');
}

/** Test samples of a draft's task; undefined if they are not known without loading the data. */
export function testSize({ facts, task, recordedTests }: DraftView): number | undefined {
  if (recordedTests !== undefined) return recordedTests;
  if (!task || !facts?.counts || 'data' in task || 'clean_test_data' in task) return undefined;
  const { max_test_size: most } = task;
  return typeof most === 'number' ? Math.min(facts.counts.test, most) : facts.counts.test;
}
