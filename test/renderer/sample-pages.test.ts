import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Samples } from '../../renderer/runs/samples.svelte.ts';
import { packArrays } from '../../shared/domain/arrays.ts';
import type { SampleSet } from '../../shared/domain/samples.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { answerWith } from './fake-program.ts';

/** Pictures of 1 x 1 whose one value is the place of the sample. */
const pictures = (positions: readonly number[]): SampleSet => ({
  kind: 'images',
  shape: [1, 1, 1],
  count: positions.length,
  indices: [...positions],
  labels: positions.map((position) => `class ${position}`),
  changedLabels: null,
  arrays: packArrays({ clean: Float32Array.from(positions) }),
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k);

let asked: number[][];
let failing: boolean;
const frames = (count: number) => vi.advanceTimersByTimeAsync(16 * count);

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  failing = false;
  answerWith({
    runs: {
      samples({ positions }) {
        asked.push(positions);
        if (failing) throw new CupbearerError('storage', 'The data are gone.');
        return pictures(positions);
      },
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('samples', () => {
  it('that are wanted within a frame are asked for at once, each a single time', async () => {
    const samples = new Samples('a');
    samples.want([3, 1]);
    samples.want([1, 2]);
    expect(asked).toEqual([]);
    await frames(1);
    samples.want([1, 2, 3]);
    await frames(1);
    expect(asked).toEqual([[3, 1, 2]]);
    expect(samples.of(1)).toMatchObject({ label: 'class 1', cleanPicture: null, text: null });
    expect([...samples.of(2)!.picture!.values]).toEqual([2]);
    expect(samples.of(4)).toBeUndefined();
  });

  it('that were wanted last come first, 200 a frame', async () => {
    const samples = new Samples('a');
    samples.want(range(0, 250));
    await frames(2);
    expect(asked).toEqual([range(50, 250), range(0, 50)]);
  });

  it('that could not be had are asked for again only when somebody tries again', async () => {
    const samples = new Samples('a');
    failing = true;
    samples.want([5]);
    await frames(1);
    expect(samples.failure?.message).toBe('The data are gone.');
    samples.want([5]);
    await frames(1);
    expect(asked).toHaveLength(1);
    failing = false;
    samples.retry();
    expect(samples.failure).toBeUndefined();
    await frames(1);
    expect(samples.of(5)?.label).toBe('class 5');
  });

  it('that are the oldest of too many are dropped, and asked for again when they are wanted again', async () => {
    const samples = new Samples('a');
    samples.want(range(0, 5200));
    await frames(26);
    expect(asked).toHaveLength(26);
    const dropped = range(0, 5200).filter((position) => samples.of(position) === undefined);
    expect(dropped).toHaveLength(200);
    samples.want([dropped[0]!, 0]);
    await frames(1);
    expect(asked.at(-1)).toEqual([dropped[0]]);
  });

  it('say why there are none, and then nothing is asked for any more', async () => {
    const calls = answerWith({ runs: { samples: () => ({ kind: 'none', reason: 'No data are at hand.' }) } });
    const samples = new Samples('a');
    samples.want([1]);
    await frames(1);
    samples.want([2]);
    await frames(1);
    expect([samples.reason, calls.length]).toEqual(['No data are at hand.', 1]);
  });
});
