import type { AttackAim, Evaluation, LayerMetrics } from './domain/evaluation.ts';
import type { UsualAccuracy } from './domain/usual-accuracy.ts';
import type { ResultFacts } from './suspicions.ts';

/** An evaluation with what is known of its classifier besides. */
interface EvaluationFacts {
  about: Evaluation['about'];
  /** Of the score that is shown. */
  metrics: LayerMetrics;
  /** What its task attacks; undefined if it is about no attack. */
  aim: AttackAim | undefined;
  /** Figures of the run that trained the classifier, by name; none if it is not known. */
  classifier: Readonly<Record<string, number | null>>;
  /** How many classes the classifier tells apart; undefined if it is not known. */
  classes?: number | undefined;
  /** What its architecture usually reaches on its data, if that is known. */
  usual?: UsualAccuracy | undefined;
}

/** Returns the facts of an evaluation that make it doubtful or not. */
export function factsOfEvaluation({
  about,
  metrics,
  aim,
  classifier: own,
  classes,
  usual,
}: EvaluationFacts): ResultFacts {
  const { attack, classifier: tested } = about;
  const of = (name: string) => own[name] ?? undefined;
  const isOwn = of('clean_accuracy') !== undefined;
  const success = attack && attack.attacked > 0 ? attack.succeeded / attack.attacked : of('attack_success');
  // What is mistaken anyway is known from how often the classifier is right.
  const cleanRate = attack?.clean_rate ?? (aim === 'mistake' && tested ? 1 - tested.accuracy : undefined);
  const { AUC_ROC: auroc, AUC_ROC_interval: bounds, n_clean: clean, n_anomalous: anomalous } = metrics;
  return {
    ...(success !== undefined && aim && { attack: { aim, success, ...(cleanRate !== undefined && { cleanRate }) } }),
    classifier: {
      accuracy: of('clean_accuracy') ?? tested?.accuracy,
      classes,
      // The published accuracy is that on the data of its training.
      usual: isOwn ? usual : undefined,
      // By its own record where that says how it answers, else as the test found.
      largestClass: isOwn ? of('largest_class') : tested?.largest_class,
      largestPrediction: isOwn ? of('largest_prediction') : tested?.largest_prediction,
    },
    detection: { auroc, lower: bounds.lower, upper: bounds.upper, clean, anomalous },
  };
}
