import { allLayers, toEvaluationFile, type Evaluation, type LayerMetrics } from '../../../shared/domain/evaluation.ts';
import type { Scores } from '../../../shared/scores/ranked-scores.ts';
import { given } from '../../../shared/given.ts';
import { tprAtOnePercent } from '../../../shared/scores/one-percent.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { calibratedThresholds } from '../../evaluation/across/calibrated-thresholds.ts';
import { attackFigures } from '../../evaluation/attack-figures.ts';
import { classShares, type ClassShares } from '../../evaluation/class-shares.ts';
import { evaluateScores } from '../../evaluation/evaluate-scores.ts';
import { writeFileAtomically } from '../../storage/atomic-write.ts';
import { toJsonText } from '../../storage/json-text.ts';
import { writeScores } from '../../storage/run-folder.ts';
import type { TokenScores } from '../../storage/token-scores.ts';
import { within } from '../../storage/within-folder.ts';
import { taskRegistry } from '../../tasks/index.ts';
import { watchesClassifier } from '../../tasks/outline.ts';
import { anomalousWord, type Task } from '../../tasks/task.ts';
import { TestClasses } from './test-classes.ts';
import { placesNotes } from './build-task.ts';
import { clearAnalysis, TestAnalysis } from './analysis.ts';
import { combinedScores, scoreTask, type TaskScores } from './detection.ts';
import type { FittedDetector } from '../detector-file.ts';
import { evaluationFile, evaluationKey, type EvaluationSubject } from '../evaluation-file.ts';
import type { PhaseTimer, RunContext, RunOutcome } from '../run-definition.ts';
import { drawEvaluation } from './figures.ts';

/** What changes the course of an evaluation and not its result. */
interface EvaluationSettings {
  batch_size: number;
  /** Writes analysis.json, `analysis/` and their figures, too. */
  analysis: boolean;
  /** Scores of trusted samples that the detector was not fitted on, for thresholds; null or left out where there are none. */
  heldOutScores?: Float32Array | null | undefined;
  /** The same of their tokens, where each was scored on its own. */
  heldOutTokens?: TokenScores | null | undefined;
}

/**
 * Scores the task's test data, computes metrics per layer and for the aggregate, and writes `eval.json`, `scores/` and
 * `figures/`; `eval.json` is written last, so that its presence means that everything is there.
 */
export async function evaluateDetector(
  detector: FittedDetector,
  task: Task,
  subject: EvaluationSubject,
  settings: EvaluationSettings,
  context: RunContext,
  timer: PhaseTimer,
): Promise<RunOutcome['metrics']> {
  const { folder } = context;
  const classes = new TestClasses(task);
  const analysis = settings.analysis ? new TestAnalysis(detector, task, classes, subject.seed) : undefined;
  const scores = await timer.measure('evaluating', () =>
    scoreTask(detector, task, subject.seed, settings.batch_size, context, analysis ? [classes, analysis] : [classes]),
  );
  const evaluation = await timer.measure('metrics', async () =>
    computeMetrics(detector, task, scores, classes, subject, settings.heldOutScores ?? null),
  );
  // Of what was recorded nobody knows classes.
  const trueClass = watchesClassifier(subject.task.name) ? classes.own : undefined;
  writeScores(
    folder,
    { ...scores, ...given({ trueClass, predictedClass: classes.predicted }) },
    scores.tokens && { test: scores.tokens, ...given({ heldOut: settings.heldOutTokens ?? undefined }) },
  );
  const words = {
    aggregation: detector.spec.layer_aggregation,
    anomalous: anomalousWord(taskRegistry.get(subject.task.name)),
    score: `${detectorRegistry.get(detector.spec.name).title}: score`,
  };
  await timer.measure('figures', async () => drawEvaluation(folder, evaluation, words));
  clearAnalysis(folder);
  const threshold = evaluation.layers[allLayers]!.threshold_at_FPR_1;
  if (analysis) await timer.measure('analysis', async () => analysis.write(folder, scores, threshold, words));
  writeFileAtomically(within(folder, evaluationFile), toJsonText(toEvaluationFile(evaluation)));
  return headline(evaluation);
}

function computeMetrics(
  detector: FittedDetector,
  task: Task,
  { layers, labels, groups }: TaskScores,
  { own, label, predicted }: TestClasses,
  subject: EvaluationSubject,
  heldOutScores: Float32Array | null,
): Evaluation {
  const metrics: Record<string, LayerMetrics> = {};
  for (const [name, values] of layers) metrics[name] = evaluateScores(values, labels, groups);
  const all = combinedScores(detector, layers);
  layers.set(allLayers, all as Float32Array);
  metrics[allLayers] = evaluateScores(all, labels, groups);
  const { aim } = taskRegistry.get(subject.task.name);
  const attack = aim && predicted ? attackFigures(all, labels, { own, label, predicted }, aim) : undefined;
  const classifier = predicted && {
    ...cleanShares(labels, own, predicted),
    ...given({ classes_note: placesNotes(task)[0] }),
  };
  return {
    layers: metrics,
    about: {
      key: evaluationKey(subject),
      detector: detector.spec,
      task: subject.task,
      seed: subject.seed,
      fingerprints: task.fingerprints,
      ...given({
        leniency: task.leniency,
        attack,
        classifier,
        thresholds: thresholdsOf(heldOutScores, all, labels),
      }),
    },
  };
}

function thresholdsOf(heldOut: Float32Array | null, all: Scores, labels: Uint8Array) {
  return heldOut && heldOut.length > 0 ? calibratedThresholds(heldOut, all, labels) : undefined;
}

/** What the model makes of the clean samples among all `[n]`. */
function cleanShares(labels: Uint8Array, own: Int32Array, predicted: Int32Array): ClassShares {
  const isClean = (_: number, i: number) => labels[i] === 0;
  return classShares(own.filter(isClean), predicted.filter(isClean));
}

/** The figures of the aggregate that lists show, with those of the model without which they cannot be judged. */
function headline({ layers, about: { attack, classifier } }: Evaluation): Record<string, number | null> {
  const all = layers[allLayers]!;
  return {
    auroc: all.AUC_ROC,
    auroc_lower: all.AUC_ROC_interval.lower,
    auroc_upper: all.AUC_ROC_interval.upper,
    ap: all.AP,
    tpr_at_fpr_1: tprAtOnePercent(all),
    test_clean: all.n_clean,
    test_anomalous: all.n_anomalous,
    ...(classifier && { clean_accuracy: classifier.accuracy }),
    ...(attack && {
      ...(attack.attacked > 0 && { attack_success: attack.succeeded / attack.attacked }),
      auroc_successful: attack.successful?.AUC_ROC ?? null,
      auroc_other_classes: attack.other_classes?.AUC_ROC ?? null,
    }),
  };
}
