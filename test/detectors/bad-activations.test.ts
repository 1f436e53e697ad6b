import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pick } from '../../shared/schema/fields.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import type { Task } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { toyContext, toyTask } from './toy-task.ts';

const schema = pick(() => detectorRegistry, { label: 'Detector', help: 'The method' });
const spec = (id: string) => schema.parse(id);

let sound: Task;
beforeAll(async () => {
  await startEngine('auto');
  sound = toyTask();
});
afterAll(() => sound.source.dispose());

/** The toy task with what `change` makes of each image of its fitting data, and at most `count` samples of either kind. */
function changed(change: (image: Float32Array, index: number) => unknown, count = Infinity): Task {
  const of = (dataset: Dataset): Dataset => ({
    ...dataset,
    read(indices, epoch) {
      const batch = dataset.read(indices, epoch);
      for (let i = 0; i < batch.size; i++) change(batch.inputs.subarray(16 * i, 16 * i + 16), indices[i]!);
      return batch;
    },
  });
  const { trusted, untrusted, ...others } = sound;
  const fewer = <T extends { dataset: Dataset; indices: Int32Array; anomalous?: Uint8Array }>(part: T): T => ({
    ...part,
    dataset: of(part.dataset),
    indices: part.indices.slice(0, count),
    ...(part.anomalous ? { anomalous: part.anomalous.slice(0, count) } : {}),
  });
  return { ...others, trusted: fewer(trusted), ...(untrusted ? { untrusted: fewer(untrusted) } : {}) };
}

/** "scores" where a detector is fitted and every score is finite, else the code of the error it gives. */
async function outcome(id: string, task: Task): Promise<string> {
  try {
    const fitted = await fitDetector(spec(id), task, 0, 16, toyContext());
    const { layers } = await scoreTask(fitted, task, 0, 16, toyContext());
    const isFinite = [...layers.values()].every((values) => values.every(Number.isFinite));
    return isFinite ? 'scores' : 'not finite';
  } catch (error) {
    if (error instanceof CupbearerError) return error.code;
    throw error;
  }
}

describe.each(detectorRegistry.ids)('%s', (id) => {
  it('scores by finite numbers where no activation ever changes', async () => {
    expect(
      await outcome(
        id,
        changed((image) => image.fill(0.5)),
      ),
    ).toBe('scores');
  });

  it('scores by finite numbers, or says that it has too few, where there are fewer samples than dimensions', async () => {
    expect(
      await outcome(
        id,
        changed(() => undefined, 5),
      ),
    ).toMatch(/^(scores|bad-data)$/);
    expect(
      await outcome(
        id,
        changed(() => undefined, 2),
      ),
    ).toMatch(/^(scores|bad-data)$/);
  });

  it('scores by finite numbers where a covariance is singular', async () => {
    // All images on one line: one direction in which they vary, however many neurons look at it.
    const task = changed((image, index) => image.fill((index % 7) / 7));
    expect(await outcome(id, task)).toBe('scores');
  });

  it('refuses an empty trusted set where it needs one', async () => {
    const { needs } = detectorRegistry.get(id);
    const task = { ...sound, trusted: { ...sound.trusted, indices: new Int32Array(0) } };
    expect(await outcome(id, task)).toBe(needs.trusted ? 'usage' : 'scores');
  });
});

// These two read no data to fit.
it.each(detectorRegistry.ids.filter((id) => id !== 'max-softmax' && id !== 'energy'))(
  '%s refuses inputs that are no numbers',
  async (id) => {
    expect(
      await outcome(
        id,
        changed((image, index) => index % 5 === 1 && image.fill(NaN)),
      ),
    ).toBe('non-finite');
  },
);

it('one kind of labels alone is refused by the probe', async () => {
  const untrusted = { ...sound.untrusted!, anomalous: new Uint8Array(48) };
  const fitting = fitDetector(spec('supervised-probe'), { ...sound, untrusted }, 0, 16, toyContext());
  await expect(fitting).rejects.toThrow('found 48 clean and 0 anomalous');
});
