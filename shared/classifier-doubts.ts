import { formatPercent } from './format.ts';

/** Below this attack success a backdoor counts as not learned. */
const leastSuccess = 0.5;
/** A classifier that is right no more often than this many times by chance has learnt next to nothing. */
const chanceFactor = 1.5;

/** Returns the sentence on a classifier that is hardly more often right than by chance; null where it is, or has one class. */
export function accuracyDoubt(accuracy: number, classes: number): string | null {
  if (classes < 2 || accuracy > chanceFactor / classes) return null;
  return `The classifier has learnt **next to nothing**: it is right on ${formatPercent(accuracy)} of the clean test samples, and guessing among ${classes} classes on ${formatPercent(1 / classes)}.`;
}

/** Returns the sentence on a backdoor that does not work, by the share of its attacks that succeed; null where it works. */
export function attackDoubt(success: number): string | null {
  if (success >= leastSuccess) return null;
  return `The backdoor **has not taken**: the trigger brings the classifier to its target on ${formatPercent(success)} of the samples only.`;
}

/**
 * What keeps a classifier's figures from being what a task is about, a sentence each: it classifies hardly better than
 * by chance, or its backdoor did not take. `**` marks what the eye should land on.
 */
export function classifierDoubts(
  metrics: Readonly<Record<string, number | null>>,
  classes: number | undefined,
): string[] {
  const { clean_accuracy: accuracy, attack_success: success } = metrics;
  return [
    typeof accuracy === 'number' && classes !== undefined ? accuracyDoubt(accuracy, classes) : null,
    typeof success === 'number' ? attackDoubt(success) : null,
  ].filter((doubt) => doubt !== null);
}
