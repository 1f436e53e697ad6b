import type { RandomStream } from '../../tensor/random.ts';
import type { Scores } from '../../../shared/scores/ranked-scores.ts';

/** The test samples of one seed, as one or several detectors score them. */
export interface ScoredSeed {
  /** One a detector, `[n]`, of the same samples in the same order. */
  scores: readonly Scores[];
  /** 1 = anomalous, `[n]`. */
  labels: Uint8Array;
  /**
   * What a sample is made from, `[n]`: its index in the data, say. Samples of one class with the same number are drawn
   * together, in all seeds: they are easy or hard together. Without it each sample of each seed counts as a draw of its
   * own, so it must be given where seeds share their test data.
   */
  groups?: Int32Array | undefined;
}

/** What is drawn when samples are drawn again: single samples, or groups of them, clean and anomalous ones apart. */
export interface SampleUnits {
  /** By seed: the unit of every sample among those of its class, `[n]`. */
  unitOf: readonly Int32Array[];
  /** Whether units with the same number are the same in all seeds. */
  shared: boolean;
  /** By seed and class: how many units there are to draw from, and how many of them the seed has. */
  sizes: readonly (readonly [number, number])[];
  own: readonly (readonly [number, number])[];
}

/** Returns the units of some seeds: groups where all seeds have them, else samples. */
export function sampleUnits(seeds: readonly ScoredSeed[]): SampleUnits {
  const shared = seeds.every(({ groups }) => groups !== undefined);
  if (!shared) {
    const unitOf = seeds.map(({ labels }) => {
      const count = [0, 0];
      return Int32Array.from(labels, (label) => count[label]!++);
    });
    const sizes = seeds.map(({ labels }) => {
      const anomalous = labels.reduce((sum, label) => sum + label, 0);
      return [labels.length - anomalous, anomalous] as const;
    });
    return { unitOf, shared, sizes, own: sizes };
  }
  const known = [new Map<number, number>(), new Map<number, number>()] as const;
  const unitOf = seeds.map(({ labels, groups }) =>
    Int32Array.from(labels, (label, i) => {
      const ofClass = known[label === 1 ? 1 : 0];
      const group = groups?.[i] ?? i;
      const unit = ofClass.get(group) ?? ofClass.size;
      ofClass.set(group, unit);
      return unit;
    }),
  );
  const own = seeds.map(({ labels }, s) => {
    const distinct = (kind: 0 | 1) => new Set(unitOf[s]!.filter((_, i) => labels[i] === kind)).size;
    return [distinct(0), distinct(1)] as const;
  });
  return { unitOf, shared, sizes: seeds.map(() => [known[0].size, known[1].size] as const), own };
}

/**
 * Returns the figures of all seeds and detectors as they might be on other samples, seed by seed, `[seeds *
 * detectors]`.
 */
export type FigureDraws = (stream: RandomStream) => Float64Array;
