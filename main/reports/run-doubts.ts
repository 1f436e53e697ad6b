import type { Evaluation, LayerMetrics } from '../../shared/domain/evaluation.ts';
import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { factsOfEvaluation } from '../../shared/suspicions-of-evaluation.ts';
import { scoreTies, suspicions, type ResultFacts } from '../../shared/suspicions.ts';
import { pluginNotes } from '../runs/plugins.ts';
import { knownModel } from '../models/known-network.ts';
import { usualAccuracyIn } from '../runs/usual-accuracy.ts';
import { metricsOf } from '../storage/run-folder.ts';
import { taskRegistry } from '../tasks/index.ts';

/** What is looked at to find out whether the result of an evaluation is to be believed. */
interface DoubtfulResult {
  about: Evaluation['about'];
  /** Of the score that is shown. */
  metrics: LayerMetrics;
  /** All scores of the test samples; null if they are not known. */
  scores: Float32Array | null;
  /** Folder of the classifier that it looks at; null if it is not known. */
  classifier: string | null;
  /** Triggers in training and test where these are not the same, in words. */
  triggers: { trained: string; tested: string } | null;
  /** The AUROC that is shown, where that is not the one in `metrics`. */
  shown?: { value: number; lower: number; upper: number } | undefined;
}

/** Returns why the result of an evaluation may not be believed as it stands, gravest first. */
export function doubtsOfRun(result: DoubtfulResult): Suspicion[] {
  return [...suspicions(factsOf(result)), ...unmatchedClasses(result), ...changedPlugins(result)];
}

/** Returns the same for runs that differ in their seeds alone: what holds for any of them, the first sentence of a kind. */
export function doubtsOfRuns(results: readonly DoubtfulResult[]): Suspicion[] {
  const all = results.map(doubtsOfRun);
  const ids = [...new Set(all.flatMap((own) => own.map(({ id }) => id)))];
  return ids.map((id) => {
    const found = all.flatMap((own) => own.filter((doubt) => doubt.id === id));
    const [first] = found as [Suspicion];
    return found.length === results.length || results.length === 1
      ? first
      : { ...first, sentence: `In ${found.length} of ${results.length} seeds: ${first.sentence}` };
  });
}

function factsOf({ about, metrics, scores, classifier, triggers, shown }: DoubtfulResult): ResultFacts {
  const aim = about.task && taskRegistry.has(about.task.name) ? taskRegistry.get(about.task.name).aim : undefined;
  const facts = factsOfEvaluation({
    about,
    metrics,
    aim,
    classifier: classifier === null ? {} : metricsOf(classifier),
    classes: knownModel(classifier)?.classes.length,
    usual: classifier === null ? undefined : usualAccuracyIn(classifier),
  });
  return {
    ...facts,
    ...(shown &&
      facts.detection && {
        detection: { ...facts.detection, auroc: shown.value, lower: shown.lower, upper: shown.upper },
      }),
    ...(scores && { scores: scoreTies(scores) }),
    ...(triggers && { triggers }),
  };
}

/** That classes were matched by their order says what may be wrong with all figures of the classifier. */
function unmatchedClasses({ about }: DoubtfulResult): Suspicion[] {
  const sentence = about.classifier?.classes_note;
  if (sentence === undefined) return [];
  return [{ id: 'unmatched-classes', sentence, remedy: 'Check that the classes of the data are those of the model.' }];
}

/** That a plugin is another one by now says that the run cannot be done again as it was without naming its content. */
function changedPlugins({ about }: DoubtfulResult): Suspicion[] {
  const notes = pluginNotes(about);
  if (notes.length === 0) return [];
  return [
    {
      id: 'plugin-changed',
      sentence: notes.join(' '),
      remedy: 'Its figures hold for the content that it names; do the run again for those of the present one.',
    },
  ];
}
