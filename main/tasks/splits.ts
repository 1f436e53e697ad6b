import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { concatenated } from '../data/transforms/concatenated.ts';
import type { Dataset } from '../data/dataset.ts';
import { RandomStream } from '../tensor/random.ts';
import { mostSpare, type SplitParams } from './split-params.ts';
import type { ExamplePairs, Task, TestPart } from './task.ts';
import { parameter, worded } from '../../shared/wording.ts';
import { numbered } from '../../shared/format.ts';

/**
 * How many samples there are to choose from. If `anomalous` is left out, every anomalous sample is another version
 * of the clean one of the same index (with a trigger, say), and no index is used for both.
 */
interface PoolSizes {
  clean: number;
  anomalous?: number;
}

/** As {@link PoolSizes}; the last `neverTrusted` of the clean samples may serve as untrusted data alone. */
interface TrainPoolSizes extends PoolSizes {
  neverTrusted?: number;
}

/** Indices into the clean and the anomalous dataset, each ascending. */
interface Mix {
  clean: Int32Array;
  anomalous: Int32Array;
}

interface Split {
  /** Into the clean training data, ascending. */
  trusted: Int32Array;
  /** Drawn like the trusted samples and used for nothing: what `max_train_size` leaves over, ascending. */
  spare: Int32Array;
  /** Into the clean and the anomalous training data; both empty if all is trusted. */
  untrusted: Mix;
  test: Mix;
}

/**
 * Draws trusted, untrusted and test samples without replacement by the task's seed. Shares are kept (to rounding):
 * where a separate pool of anomalous samples is too small for its share, clean ones are left out as well.
 */
export function split(train: TrainPoolSizes, test: PoolSizes, params: SplitParams): Split {
  const root = RandomStream.from(params.seed, 'task');
  const { neverTrusted = 0 } = train;
  const trustable = train.clean - neverTrusted;
  const cap = params.max_train_size ?? Infinity;
  const shuffled = root.derive('train').permutation(trustable);
  const trainOrder = shuffled.subarray(0, params.max_train_size);
  const trustedCount = Math.round(params.trusted_fraction * trainOrder.length);
  const cleanUntrusted = new Int32Array(trainOrder.length - trustedCount + neverTrusted);
  cleanUntrusted.set(trainOrder.subarray(trustedCount));
  root
    .derive('never-trusted')
    .permutation(neverTrusted)
    .forEach((index, k) => (cleanUntrusted[trainOrder.length - trustedCount + k] = trustable + index));
  return {
    trusted: trainOrder.slice(0, trustedCount).sort(),
    spare: shuffled.slice(trainOrder.length, trainOrder.length + mostSpare).sort(),
    untrusted: mix(
      cleanUntrusted,
      train.anomalous === undefined ? undefined : root.derive('anomalous-train').permutation(train.anomalous),
      params.clean_train_weight,
      cap - trustedCount,
    ),
    test: mix(
      root.derive('test').permutation(test.clean),
      test.anomalous === undefined ? undefined : root.derive('anomalous-test').permutation(test.anomalous),
      params.clean_test_weight,
      params.max_test_size ?? Infinity,
    ),
  };
}

/**
 * The first samples of each pool, `weight` of them clean, at most `cap` together. Without `anomalous`, one pool serves
 * both.
 */
function mix(clean: Int32Array, anomalous: Int32Array | undefined, weight: number, cap: number): Mix {
  if (!anomalous) {
    const chosen = clean.subarray(0, Math.min(cap, clean.length));
    const cleanCount = Math.round(weight * chosen.length);
    return { clean: chosen.slice(0, cleanCount).sort(), anomalous: chosen.slice(cleanCount).sort() };
  }
  // A weight of 0 or 1 leaves the other pool without a say.
  const total = Math.min(
    cap,
    weight > 0 ? clean.length / weight : Infinity,
    weight < 1 ? anomalous.length / (1 - weight) : Infinity,
  );
  // The guard against rounding: 0.3 of 10 samples are 2.9999999999999996.
  const whole = Math.floor(total + 1e-6);
  const cleanCount = Math.min(clean.length, Math.round(weight * whole));
  return {
    clean: clean.slice(0, cleanCount).sort(),
    anomalous: anomalous.slice(0, Math.min(anomalous.length, whole - cleanCount)).sort(),
  };
}

/** Clean samples, and the anomalous ones that {@link Split} indexes into. */
interface Pool {
  clean: Dataset;
  anomalous: Dataset;
  /** What those of the two that are another dataset were made of, sample by sample. */
  original?: Dataset;
}

/**
 * Trusted, untrusted and test data of a task. Untrusted samples come in an order of their own that says nothing about
 * which are anomalous. @throws CupbearerError `usage` if the test data are all clean or all anomalous.
 */
export function assembleParts(
  train: { clean: Dataset; anomalous?: Dataset },
  test: Pool,
  { trusted, spare, untrusted, test: tested }: Split,
  params: SplitParams,
): Pick<Task, 'trusted' | 'spare' | 'untrusted' | 'test'> {
  checkBothKinds(tested, params.clean_test_weight);
  checkShares(trusted.length, untrusted.clean.length + untrusted.anomalous.length, params.trusted_fraction);
  const { original } = test;
  const testPart = (dataset: Dataset, indices: Int32Array, anomalous: boolean): TestPart => ({
    dataset,
    indices,
    anomalous,
    ...given({ original: dataset === original ? undefined : original }),
  });
  const hasUntrusted = untrusted.clean.length + untrusted.anomalous.length > 0;
  return {
    trusted: { dataset: train.clean, indices: trusted },
    ...given({ spare: spare.length > 0 ? { dataset: train.clean, indices: spare } : undefined }),
    ...given({ untrusted: hasUntrusted ? untrustedPart(train, untrusted, params) : undefined }),
    test: [testPart(test.clean, tested.clean, false), testPart(test.anomalous, tested.anomalous, true)],
  };
}

/** A share that was asked for and holds no sample would pass for one that was not asked for. */
function checkShares(trusted: number, untrusted: number, fraction: number): void {
  const isMissing = (count: number, share: number) => count === 0 && share > 0;
  const missing = isMissing(trusted, fraction)
    ? 'trusted'
    : isMissing(untrusted, 1 - fraction)
      ? 'untrusted'
      : undefined;
  if (missing === undefined) return;
  const total = trusted + untrusted;
  throw new CupbearerError(
    'usage',
    `The ${missing} data has no sample: a trusted fraction of ${fraction} of ${numbered(total, 'sample')} leaves none.`,
    { hint: worded`Change ${parameter('task.trusted_fraction')}, or raise ${parameter('task.max_train_size')}.` },
  );
}

/** The error for test data of one kind only. */
function checkBothKinds({ clean, anomalous }: Mix, weight: number): void {
  if (clean.length > 0 && anomalous.length > 0) return;
  throw new CupbearerError(
    'usage',
    `The test data needs both clean and anomalous samples; a clean share of ${weight} of ${numbered(clean.length + anomalous.length, 'sample')} leaves none that are ${clean.length === 0 ? 'clean' : 'anomalous'}.`,
    { hint: worded`Change ${parameter('task.clean_test_weight')}, or raise ${parameter('task.max_test_size')}.` },
  );
}

function untrustedPart(
  { clean, anomalous = clean }: { clean: Dataset; anomalous?: Dataset },
  chosen: Mix,
  { untrusted_labels: isLabelled, seed }: SplitParams,
): NonNullable<Task['untrusted']> {
  const dataset = chosen.anomalous.length === 0 ? clean : concatenated(clean, anomalous);
  const count = chosen.clean.length + chosen.anomalous.length;
  const indices = new Int32Array(count);
  const labels = new Uint8Array(count);
  RandomStream.from(seed, 'task', 'untrusted-order')
    .permutation(count)
    .forEach((k, place) => {
      const isAnomalous = k >= chosen.clean.length;
      indices[place] = isAnomalous ? clean.length + chosen.anomalous[k - chosen.clean.length]! : chosen.clean[k]!;
      labels[place] = isAnomalous ? 1 : 0;
    });
  return { dataset, indices, truth: labels, ...(isLabelled ? { anomalous: labels } : {}) };
}

const exampleCount = 8;

/**
 * Returns the first anomalous test samples beside those that they were made of; undefined if they were made of none.
 */
export function examplePairs(test: readonly TestPart[]): ExamplePairs | undefined {
  const part = test.find(({ anomalous, original }) => anomalous && original);
  if (!part?.original) return undefined;
  const { dataset, original } = part;
  const indices = part.indices.subarray(0, exampleCount);
  return {
    shape: original.shape,
    vocabulary: original.vocabulary,
    count: indices.length,
    clean: original.read(indices, 0).inputs,
    anomalous: dataset.read(indices, 0).inputs,
  };
}
