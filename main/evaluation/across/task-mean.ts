import { student95 } from '../beta.ts';
import { deviationOf, meanOf } from './mean-deviation.ts';

/** A mean over tasks with its 95 % interval; null where there are too few. */
interface TaskMean {
  mean: number | null;
  lower: number | null;
  upper: number | null;
}

/**
 * Returns the mean of differences between -1 and 1, one a task, with Student's interval: tasks are what is drawn, and
 * what seeds and samples do to each is in their spread already. Not a bootstrap, which for the five to ten tasks that
 * there are takes the variance for (n - 1) / n of what it is and knows nothing of the tails of t: of 95 % intervals
 * over six tasks it makes ones that hold the mean in some 87 of 100.
 */
export function meanOverTasks(differences: readonly number[]): TaskMean {
  if (differences.length === 0) return { mean: null, lower: null, upper: null };
  const mean = meanOf(differences);
  const deviation = deviationOf(differences);
  if (deviation === null) return { mean, lower: null, upper: null };
  const half = (student95(differences.length - 1) * deviation) / Math.sqrt(differences.length);
  return { mean, lower: Math.max(-1, mean - half), upper: Math.min(1, mean + half) };
}
