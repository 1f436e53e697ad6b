import type { ComparedPair, PairTest } from '../../../shared/domain/comparison.ts';
import { given } from '../../../shared/given.ts';
import { numbered } from '../../../shared/format.ts';
import { midRanks, rankCorrelation } from '../../evaluation/rank-correlation.ts';
import { clusteredTest, countGroups, groupsByClass } from '../../evaluation/clustered-auroc.ts';
import { delongTestOf, placements, type Placements } from '../../evaluation/delong.ts';
import { holm } from '../../evaluation/across/holm.ts';
import { pairedSeedsTest } from '../../evaluation/across/paired-seeds.ts';
import { meanOf } from '../../evaluation/across/mean-deviation.ts';
import { isInOrder, scoresFor, sharedSamples } from './compared-samples.ts';
import { foreignData, type ChosenScores, type LoadedRun } from './loaded-run.ts';

/** What comparing needs of scores `[n]`: finding it takes sorting, which many pairs need not repeat. */
interface Ranked {
  placements: Placements;
  ranks: Float64Array;
}

function rank(scores: Float32Array, labels: Uint8Array): Ranked {
  return { placements: placements(scores, labels), ranks: midRanks(scores) };
}

/** A run of each of two rows, on the same test data. */
type Match = readonly [number, number];

/** Compares rows of runs in pairs, each on the seeds and samples that both have. */
export class PairComparison {
  readonly #loaded: readonly LoadedRun[];
  readonly #chosen: readonly ChosenScores[];
  readonly #ranked = new Map<number, Ranked>();

  constructor(loaded: readonly LoadedRun[], chosen: readonly ChosenScores[]) {
    this.#loaded = loaded;
    this.#chosen = chosen;
  }

  /** Compares each two of some rows, by their places; p values are corrected for all of these pairs together. */
  all(rows: readonly (readonly number[])[], places: readonly number[]): ComparedPair[] {
    const pairs = places.flatMap((a, i) => places.slice(i + 1).map((b) => this.#pair(rows, a, b)));
    const family = pairs.filter(({ test }) => typeof test?.p === 'number');
    const corrected = holm(family.map(({ test }) => test!.p!));
    for (const [i, { test }] of family.entries()) test!.corrected = corrected[i]!;
    return pairs;
  }

  /** Runs of two rows that have the same test data, by seed. */
  matches(first: readonly number[], second: readonly number[]): Match[] {
    const free = new Set(second);
    return first.flatMap((a) => {
      const run = this.#loaded[a]!;
      const suited = [...free].filter((b) => foreignData(run, this.#loaded[b]!) === null);
      const found =
        suited.find((b) => this.#loaded[b]!.seeds === run.seeds) ??
        suited.find((b) => this.#loaded[b]!.seed === run.seed) ??
        // Single runs of the same samples are paired by these, whatever their seeds.
        (first.length === 1 && second.length === 1 ? suited[0] : undefined);
      if (found === undefined) return [];
      free.delete(found);
      return [[a, found] as const];
    });
  }

  #pair(rows: readonly (readonly number[])[], a: number, b: number): ComparedPair {
    const [first, second] = [rows[a]!, rows[b]!];
    const without = (shared: number, reason: string): ComparedPair => ({ a, b, shared, seeds: 0, reason, test: null, spearman: null }); // prettier-ignore
    const missing = [...first, ...second].find((place) => !this.#chosen[place]!.scores);
    if (missing !== undefined)
      return without(0, `One of them has no such score: ${this.#chosen[missing]!.reason!.toLowerCase()}.`);
    const matched = this.matches(first, second);
    if (matched.length === 0) return without(0, this.#foreign(first, second));
    const usable = matched.filter((match) => this.#shared(match) > 0);
    if (usable.length === 0)
      return without(0, 'They do not share samples: other parts of the same test data were scored.');
    const tooFew = usable.map((match) => this.#tooFew(match)).find((reason) => reason !== null);
    if (tooFew !== undefined) return without(this.#shared(usable[0]!), tooFew);
    const compared = usable.map((match) => this.#compared(match));
    const correlations = compared.map(({ spearman }) => spearman).filter((value) => value !== null);
    return {
      a,
      b,
      shared: this.#shared(usable[0]!),
      seeds: usable.length,
      ...given({ groups: this.#countGroups(usable[0]!) }),
      reason: null,
      test: compared.length === 1 ? compared[0]!.test : this.#overSeeds(usable),
      spearman: correlations.length === compared.length ? meanOf(correlations) : null,
    };
  }

  #foreign(first: readonly number[], second: readonly number[]): string {
    const reasons = first.flatMap((a) => second.map((b) => foreignData(this.#loaded[a]!, this.#loaded[b]!)));
    const reason = reasons.find((one) => one !== null) ?? 'none of their seeds is the same';
    return `They do not share samples: ${reason}.`;
  }

  #shared([a, b]: Match): number {
    return sharedSamples(this.#loaded[a]!, this.#loaded[b]!).keys.length;
  }

  #tooFew([a, b]: Match): string | null {
    const { keys, labels } = sharedSamples(this.#loaded[a]!, this.#loaded[b]!);
    const anomalous = labels.reduce((sum, label) => sum + label, 0);
    if (Math.min(anomalous, keys.length - anomalous) >= 2) return this.#tooFewGroups([a, b]);
    return `They share ${numbered(keys.length, 'sample')}, ${anomalous} of them anomalous; a paired test needs two of each class.`;
  }

  #compared([a, b]: Match): { test: PairTest; spearman: number | null } {
    const { keys, labels } = sharedSamples(this.#loaded[a]!, this.#loaded[b]!);
    const [x, y] = [this.#rankedOf(a, keys, labels), this.#rankedOf(b, keys, labels)];
    const groups = this.#groupsOf([a, b], keys);
    const { difference, lower, upper, p } = groups
      ? clusteredTest(x.placements, y.placements, groupsByClass(groups, labels))
      : delongTestOf(x.placements, y.placements);
    return { test: { difference, lower, upper, p, corrected: null }, spearman: rankCorrelation(x.ranks, y.ranks) };
  }

  /** The group of each sample, where the first run says so; both have the same test data. */
  #groupsOf([a]: Match, keys: readonly number[]): Int32Array | undefined {
    const { groups, places } = this.#loaded[a]!;
    return groups && Int32Array.from(keys, (key) => groups[places.get(key)!]!);
  }

  #countGroups(match: Match): number | undefined {
    const groups = this.#groupsOf(match, sharedSamples(this.#loaded[match[0]]!, this.#loaded[match[1]]!).keys);
    return groups && new Set(groups).size;
  }

  #tooFewGroups(match: Match): string | null {
    const { keys, labels } = sharedSamples(this.#loaded[match[0]]!, this.#loaded[match[1]]!);
    const groups = this.#groupsOf(match, keys);
    if (!groups) return null;
    const { anomalous, clean } = countGroups(groupsByClass(groups, labels));
    if (Math.min(anomalous, clean) >= 2) return null;
    return `They share ${numbered(clean, 'group')} of clean samples and ${anomalous} of anomalous ones; a paired test needs two of each class.`;
  }

  #rankedOf(place: number, keys: readonly number[], labels: Uint8Array): Ranked {
    const run = this.#loaded[place]!;
    const scores = this.#chosen[place]!.scores!;
    if (!isInOrder(run, keys)) return rank(scoresFor(run, scores, keys), labels);
    const known = this.#ranked.get(place) ?? rank(scores, run.labels);
    this.#ranked.set(place, known);
    return known;
  }

  #overSeeds(matched: readonly Match[]): PairTest {
    const seeds = matched.map(([a, b]) => {
      const { keys, labels } = sharedSamples(this.#loaded[a]!, this.#loaded[b]!);
      const own = (place: number) => scoresFor(this.#loaded[place]!, this.#chosen[place]!.scores!, keys);
      const groups = this.#groupsOf([a, b], keys) ?? scoredIndex(this.#loaded[a]!, keys);
      return { scores: [own(a), own(b)] as const, labels, groups };
    });
    return { ...pairedSeedsTest(seeds), corrected: null };
  }
}

function scoredIndex(run: LoadedRun, keys: readonly number[]): Int32Array {
  return Int32Array.from(keys, (key) => run.sampleIndex[run.places.get(key)!]!);
}
