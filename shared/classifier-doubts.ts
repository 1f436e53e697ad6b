import { formatPercent } from './format.ts';

/** Below this attack success a backdoor counts as not learned. */
const leastSuccess = 0.5;
/** A classifier that is right no more often than this many times by chance has learnt next to nothing. */
const chanceFactor = 1.5;

/**
 * What keeps a classifier's figures from being what a task is about, a sentence each: it classifies hardly better than
 * by chance, or its backdoor did not take. `**` marks what the eye should land on.
 */
export function classifierDoubts(
  metrics: Readonly<Record<string, number | null>>,
  classes: number | undefined,
): string[] {
  const { clean_accuracy: accuracy, attack_success: success } = metrics;
  const doubts: string[] = [];
  if (typeof accuracy === 'number' && classes !== undefined && classes > 1 && accuracy <= chanceFactor / classes)
    doubts.push(
      `The classifier has learnt **next to nothing**: it is right on ${formatPercent(accuracy)} of the clean test samples, and guessing among ${classes} classes on ${formatPercent(1 / classes)}.`,
    );
  if (typeof success === 'number' && success < leastSuccess)
    doubts.push(
      `The backdoor **has not taken**: the trigger brings the classifier to its target on ${formatPercent(success)} of the samples only.`,
    );
  return doubts;
}
