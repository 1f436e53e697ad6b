import { attackDoubt } from '../../../shared/classifier-doubts.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';

/** A figure over the seeds of one setting. */
interface OverSeeds {
  /** Seeds that have it. */
  count: number;
  mean: number;
  /** Over seeds, divisor n - 1; null for one seed. */
  deviation: number | null;
  /** About a 95 % interval of the mean; null where runs have none. */
  lower: number | null;
  upper: number | null;
}

/**
 * Returns the AUROC over runs of one setting; null if none has one. The interval is a normal one, whose variance adds that
 * of the mean over seeds to that of the samples as the runs' own intervals tell it: a list has no scores for the bootstrap of
 * an experiment's page. Seeds that were tested on the same samples share their noise, others average it out.
 */
export function overSeeds(runs: readonly RunSummary[]): OverSeeds | null {
  const found = runs.flatMap(({ metrics, testData }) => {
    const { auroc, auroc_lower: lower, auroc_upper: upper } = metrics;
    return typeof auroc === 'number' ? [{ auroc, lower, upper, testData }] : [];
  });
  const [first] = found;
  if (!first) return null;
  const n = found.length;
  const mean = found.reduce((sum, { auroc }) => sum + auroc, 0) / n;
  if (n === 1) return { count: 1, mean, deviation: null, lower: first.lower ?? null, upper: first.upper ?? null };
  const variance = found.reduce((sum, { auroc }) => sum + (auroc - mean) ** 2, 0) / (n - 1);
  let sampleVariance = 0;
  for (const { lower, upper } of found) {
    if (typeof lower !== 'number' || typeof upper !== 'number')
      return { count: n, mean, deviation: Math.sqrt(variance), lower: null, upper: null };
    sampleVariance += ((upper - lower) / (2 * normal975)) ** 2 / n;
  }
  const isShared = first.testData !== null && found.every(({ testData }) => testData === first.testData);
  const half = normal975 * Math.sqrt(variance / n + sampleVariance / (isShared ? 1 : n));
  return {
    count: n,
    mean,
    deviation: Math.sqrt(variance),
    lower: Math.max(0, mean - half),
    upper: Math.min(1, mean + half),
  };
}

/** The 97.5 % quantile of the standard normal distribution. */
const normal975 = 1.959964;

/** Runs of each setting, in the order in which settings first come. */
export function bySetting(runs: readonly RunSummary[]): RunSummary[][] {
  const settings = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const own = settings.get(run.setting);
    if (own) own.push(run);
    else settings.set(run.setting, [run]);
  }
  return [...settings.values()];
}

/** Means of settings as a row of several shows them: never one mean. */
interface OverSettings {
  /** One a setting, the lowest first. */
  means: number[];
  /** Settings that are left out because their attack fails. */
  leftOut: number;
}

/** Returns the mean AUROC of each setting; null if none has one. */
export function overSettings(runs: readonly RunSummary[]): OverSettings | null {
  const means: number[] = [];
  let leftOut = 0;
  for (const setting of bySetting(runs)) {
    const figure = overSeeds(setting);
    if (!figure) continue;
    if (failedAttack(setting) === null) means.push(figure.mean);
    else leftOut++;
  }
  return means.length + leftOut === 0 ? null : { means: means.sort((a, b) => a - b), leftOut };
}

/** Returns the mean attack success of runs whose task has a trigger, where the attack fails; null where it does not, or there is none. */
export function failedAttack(runs: readonly RunSummary[]): number | null {
  const found = runs.flatMap(({ kind, subject, metrics }) => {
    const success = metrics['attack_success'];
    const isAttacked = kind === 'classifier' ? subject.trained !== null : subject.tested !== null;
    return isAttacked && typeof success === 'number' ? [success] : [];
  });
  if (found.length === 0) return null;
  const mean = found.reduce((sum, success) => sum + success, 0) / found.length;
  return attackDoubt(mean) === null ? null : mean;
}

/** Whether runs differ in seeds only. */
export const isOneSetting = (runs: readonly RunSummary[]): boolean =>
  runs.every(({ setting }) => setting === runs[0]?.setting);
