import { formatCount, formatPercent } from './format.ts';

/** Below this attack success a backdoor counts as not learned. */
const leastSuccess = 0.5;
/** A classifier that takes this share of samples for one class takes all for it but for accidents. */
const nearlyAll = 0.99;

/** Where always answering with the most frequent class is right on this share, being right on so many is no sign of learning. */
const hardlyBetter = (guessing: number) => Math.min(1.5 * guessing, guessing + 0.05 * (1 - guessing));

/** What is known of a classifier on clean test samples; shares are 0 to 1. */
export interface ClassifierFigures {
  accuracy?: number | undefined;
  classes?: number | undefined;
  /** The share of samples that are of the most frequent class; one class of so many unless given. */
  largestClass?: number | undefined;
  /** The share of samples that are taken for one class, the most frequent answer. */
  largestPrediction?: number | undefined;
}

/** Returns the sentence on a classifier that nearly always gives the same answer; null where it does not, or the samples are of one class. */
export function oneClassDoubt({ largestPrediction = 0, largestClass = 0 }: ClassifierFigures): string | null {
  if (largestPrediction < nearlyAll || largestClass >= nearlyAll) return null;
  return `The classifier takes **${largestPrediction === 1 ? 'all' : formatPercent(largestPrediction)}** of the clean test samples for one class.`;
}

/** Returns the sentence on test samples that are nearly all of one of several classes; null where they are not. */
export function oneClassTestDoubt({ largestClass = 0, classes = Infinity }: ClassifierFigures): string | null {
  if (largestClass < nearlyAll || classes < 2) return null;
  return `**${largestClass === 1 ? 'All' : formatPercent(largestClass)}** of the clean test samples are of one class, so that accuracy says little.`;
}

/** Returns the sentence on a classifier that is hardly more often right than by guessing; null where it is, or has one class. */
export function accuracyDoubt({ accuracy, classes, largestClass }: ClassifierFigures): string | null {
  if (accuracy === undefined || classes === undefined || classes < 2) return null;
  // Of samples that are all of one class, guessing the class is no measure.
  const isMeasure = largestClass !== undefined && largestClass < nearlyAll;
  const guessing = isMeasure ? largestClass : 1 / classes;
  if (accuracy > hardlyBetter(guessing)) return null;
  const guess = isMeasure ? 'always saying the most frequent class' : `guessing among ${classes} classes`;
  return `The classifier has learnt **next to nothing**: it is right on ${formatPercent(accuracy)} of the clean test samples, and ${guess} on ${formatPercent(guessing)}.`;
}

/** Returns the sentence on a backdoor that does not work, by the share of its attacks that succeed; null where it works. */
export function attackDoubt(success: number): string | null {
  if (success >= leastSuccess) return null;
  return `The backdoor **has not taken**: the trigger brings the classifier to its target on ${formatPercent(success)} of the samples only.`;
}

/** How an attack went on the samples of a test. */
interface AttackCounts {
  attacked: number;
  succeeded: number;
}

/**
 * Returns the sentence on an attack that does not work, by what the training of the classifier found and the test of a detector: where
 * the test has another trigger than the training, it is right. Null where the attack works, or nothing is known of it.
 */
function failedAttackDoubt(success: number | null | undefined, tested: AttackCounts | null | undefined): string | null {
  const trained = typeof success === 'number' ? attackDoubt(success) : null;
  if (!tested || tested.attacked === 0) return trained;
  const { attacked, succeeded } = tested;
  if (succeeded / attacked >= leastSuccess) return null;
  if (trained !== null) return trained;
  return `The attack **mostly fails**: it succeeds on ${formatCount(succeeded)} of ${formatCount(attacked)} attacked test samples, so that there is little to find.`;
}

/**
 * What keeps a classifier's figures from being what a task is about, a sentence each: it classifies hardly better than by guessing, or the
 * attack on it fails, in its training or on the samples of a test. `**` marks what the eye should land on.
 */
export function classifierDoubts(
  metrics: Readonly<Record<string, number | null>>,
  classes: number | undefined,
  tested?: AttackCounts | null,
): string[] {
  const figures: ClassifierFigures = {
    accuracy: metrics['clean_accuracy'] ?? undefined,
    largestClass: metrics['largest_class'] ?? undefined,
    largestPrediction: metrics['largest_prediction'] ?? undefined,
    classes,
  };
  const learning = oneClassDoubt(figures) ?? accuracyDoubt(figures);
  return [learning, oneClassTestDoubt(figures), failedAttackDoubt(metrics['attack_success'], tested)].filter(
    (doubt) => doubt !== null,
  );
}
