import type { Evaluation, LayerMetrics } from '../../shared/domain/evaluation.ts';
import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { scoreTies, suspicions, type ResultFacts } from '../../shared/suspicions.ts';
import { knownNetwork } from '../models/known-network.ts';
import { metricsOf } from '../storage/run-folder.ts';
import { taskRegistry } from '../tasks/index.ts';

/** What is looked at to find out whether the result of an evaluation is to be believed. */
export interface DoubtfulResult {
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
  return [...suspicions(factsOf(result)), ...unmatchedClasses(result)];
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
  const { attack, classifier: tested } = about;
  const own = classifier === null ? {} : metricsOf(classifier);
  const network = knownNetwork(classifier);
  const aim = about.task && taskRegistry.has(about.task.name) ? taskRegistry.get(about.task.name).aim : undefined;
  const accuracy = known(own['clean_accuracy']) ?? tested?.accuracy;
  const success = attack && attack.attacked > 0 ? attack.succeeded / attack.attacked : known(own['attack_success']);
  // What is mistaken anyway is known from how often the classifier is right.
  const cleanRate = attack?.clean_rate ?? (aim === 'mistake' && tested ? 1 - tested.accuracy : undefined);
  return {
    ...(success !== undefined && aim !== undefined && { attack: { aim, success, ...(cleanRate !== undefined && { cleanRate }) } }), // prettier-ignore
    classifier: {
      ...(accuracy !== undefined && { accuracy }),
      ...(network && { classes: network.classes.length }),
      ...sharesOf(own, tested),
    },
    detection: {
      auroc: shown?.value ?? metrics.AUC_ROC,
      lower: (shown ?? metrics.AUC_ROC_interval).lower,
      upper: (shown ?? metrics.AUC_ROC_interval).upper,
      clean: metrics.n_clean,
      anomalous: metrics.n_anomalous,
    },
    ...(scores && { scores: scoreTies(scores) }),
    ...(triggers && { triggers }),
  };
}

const known = (value: number | null | undefined) => (typeof value === 'number' ? value : undefined);

/** How a classifier's samples and answers spread over classes, from its own record if that says so, else from the test. */
function sharesOf(
  own: Readonly<Record<string, number | null>>,
  tested: Evaluation['about']['classifier'],
): NonNullable<ResultFacts['classifier']> {
  const isOwn = known(own['clean_accuracy']) !== undefined;
  const largestClass = isOwn ? known(own['largest_class']) : tested?.largest_class;
  const largestPrediction = isOwn ? known(own['largest_prediction']) : tested?.largest_prediction;
  return {
    ...(largestClass !== undefined && { largestClass }),
    ...(largestPrediction !== undefined && { largestPrediction }),
  };
}

/** That classes were matched by their order says what may be wrong with all figures of the classifier. */
function unmatchedClasses({ about }: DoubtfulResult): Suspicion[] {
  const sentence = about.classifier?.classes_note;
  if (sentence === undefined) return [];
  return [{ id: 'unmatched-classes', sentence, remedy: 'Check that the classes of the data are those of the model.' }];
}
