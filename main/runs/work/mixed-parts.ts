import { given } from '../../../shared/given.ts';
import type { Dataset } from '../../data/dataset.ts';
import { concatenated } from '../../data/transforms/concatenated.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import type { TestPart } from '../../tasks/task.ts';
import { RandomStream } from '../../tensor/random.ts';
import { testSampleAt } from './test-sample.ts';

/**
 * The samples of several parts in an order that mixes them. A batch from one part alone would give the answer away to a
 * detector that adapts to its batch, and make its scores depend on where the parts are cut.
 */
export class MixedParts {
  /** The datasets of all parts, each once, concatenated. */
  readonly dataset: Dataset;
  /** Which samples of {@link dataset} to read, in the order of mixing, `[n]`. */
  readonly indices: Int32Array;
  /** The place of each of them among all samples of the parts in turn, `[n]`. */
  readonly positions: Int32Array;
  readonly #parts: readonly TestPart[];
  /** Where the dataset of each part begins in {@link dataset}, and where the part does among the positions. */
  readonly #starts: readonly { sample: number; position: number }[];

  constructor(parts: readonly TestPart[], seed: number) {
    this.#parts = parts;
    const datasets = [...new Set(parts.map(({ dataset }) => dataset))];
    this.dataset = datasets.reduce((all, dataset) => concatenated(all, dataset));
    const samples = startsOf(datasets.map(({ length }) => length));
    const positions = startsOf(parts.map(({ indices }) => indices.length));
    this.#starts = parts.map(({ dataset }, part) => ({
      sample: samples[datasets.indexOf(dataset)]!,
      position: positions[part]!,
    }));
    const total = parts.reduce((sum, { indices }) => sum + indices.length, 0);
    this.positions = RandomStream.from(seed, 'test order').permutation(total);
    this.indices = this.positions.map((at) => {
      const part = this.partOf(at);
      const { sample, position } = this.#starts[part]!;
      return sample + parts[part]!.indices[at - position]!;
    });
  }

  /** The number of the part that a position belongs to. */
  partOf(position: number): number {
    return this.#starts.findLastIndex((start) => start.position <= position);
  }

  /** Returns the index, in its own dataset, of the sample at a position. */
  sampleAt(position: number): number {
    return testSampleAt(this.#parts, position).index;
  }

  /** Returns the index, in its own dataset, of a sample of {@link dataset}. */
  ownIndex(index: number): number {
    return index - this.#starts.findLast(({ sample }) => sample <= index)!.sample;
  }

  /** Splits a batch by part: the rows of each, with their own indices and their positions among all. */
  *byPart(
    batch: ActivationBatch,
    positions: Int32Array,
  ): Generator<{ part: TestPart; batch: ActivationBatch; positions: Int32Array }> {
    for (const [number, part] of this.#parts.entries()) {
      const rows = [...positions.keys()].filter((row) => this.partOf(positions[row]!) === number);
      if (rows.length === 0) continue;
      const chosen = Int32Array.from(rows, (row) => positions[row]!);
      yield { part, positions: chosen, batch: this.#rowsOf(batch, rows, chosen) };
    }
  }

  #rowsOf(batch: ActivationBatch, rows: readonly number[], positions: Int32Array): ActivationBatch {
    const pick = (values: Float32Array) => {
      const width = values.length / batch.size;
      const picked = new Float32Array(rows.length * width);
      rows.forEach((row, i) => picked.set(values.subarray(row * width, (row + 1) * width), i * width));
      return picked;
    };
    return {
      size: rows.length,
      labels: Int32Array.from(rows, (row) => batch.labels[row]!),
      indices: positions.map((position) => this.sampleAt(position)),
      layers: new Map([...batch.layers].map(([name, values]) => [name, pick(values)])),
      ...given({ logits: batch.logits && pick(batch.logits), inputs: batch.inputs && pick(batch.inputs) }),
    };
  }
}

/** Where each of some pieces begins that follow one another. */
function startsOf(lengths: readonly number[]): number[] {
  let next = 0;
  return lengths.map((length) => {
    const start = next;
    next += length;
    return start;
  });
}
