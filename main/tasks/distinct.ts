import { CupbearerError } from '../../shared/errors.ts';
import { contentKey } from '../data/content-key.ts';
import type { Dataset } from '../data/dataset.ts';
import { parameter, worded } from '../../shared/wording.ts';
import type { DataPart, Task, TestPart } from './task.ts';
import { numbered } from '../../shared/format.ts';

const atOnce = 512;

/** A number for each sample, the same for equal contents before random changes. */
function* keysOf(given: Dataset, indices: Int32Array): Generator<number> {
  const dataset = given.originals?.() ?? given;
  if (dataset.contentKeys) {
    yield* dataset.contentKeys(indices);
    return;
  }
  for (let start = 0; start < indices.length; start += atOnce) {
    const { inputs, size } = dataset.read(indices.subarray(start, start + atOnce), 0);
    const width = inputs.length / size;
    const words = new Uint32Array(inputs.buffer, inputs.byteOffset, inputs.length);
    for (let row = 0; row < size; row++) {
      yield contentKey(words, row * width, (row + 1) * width);
    }
  }
}

/** What was left out of the test data, in samples. */
interface LeftOut {
  /** Equal to another test sample of their kind, which stays. */
  repeated: number;
  /** Equal to a trusted or untrusted sample, or to a test sample of the other kind. */
  overlapping: number;
}

/**
 * The test data of a task with every content in it once, and none that a detector has learned from: repeated samples
 * make intervals too narrow, and those that it has seen make it look better than it is.
 * @throws CupbearerError `usage` if test data overlap with trusted, untrusted or test data of the other kind and
 *   `overlap` is `refuse`, or where none of a kind are left.
 */
export function distinctTest(
  { trusted, untrusted, test }: Pick<Task, 'trusted' | 'untrusted' | 'test'>,
  overlap: 'refuse' | 'remove',
): { test: TestPart[]; leftOut: LeftOut } {
  const seen = new Map<number, string>();
  const learn = (name: string, { dataset, indices }: DataPart) => {
    for (const key of keysOf(dataset, indices)) seen.set(key, name);
  };
  learn('trusted', trusted);
  if (untrusted) learn('untrusted', untrusted);
  const leftOut: LeftOut = { repeated: 0, overlapping: 0 };
  const found = new Map<string, number>();
  const parts = test.map((part) => {
    const name = part.anomalous ? 'anomalous test' : 'clean test';
    const kept: number[] = [];
    let i = 0;
    for (const key of keysOf(part.dataset, part.indices)) {
      const other = seen.get(key);
      const index = part.indices[i++]!;
      if (other === undefined) {
        seen.set(key, name);
        kept.push(index);
      } else if (other === name) leftOut.repeated++;
      else {
        leftOut.overlapping++;
        const pair = `${name}|${other}`;
        found.set(pair, (found.get(pair) ?? 0) + 1);
      }
    }
    return { ...part, indices: Int32Array.from(kept) };
  });
  if (leftOut.overlapping > 0 && overlap === 'refuse') {
    const counts = [...found].map(([pair, count]) => {
      const [name, other] = pair.split('|');
      return `${numbered(count, `${name} sample is`, `${name} samples are`)} also ${other} data`;
    });
    throw new CupbearerError('usage', `The same samples are used twice: ${counts.join(', ')}.`, {
      hint: worded`Take other data, or set ${parameter('task.overlap')} to remove to test without them.`,
      details: { ...leftOut },
    });
  }
  for (const kind of [false, true]) {
    if (parts.some(({ anomalous, indices }) => anomalous === kind && indices.length > 0)) continue;
    const { repeated, overlapping } = leftOut;
    throw new CupbearerError(
      'usage',
      `The test data needs both clean and anomalous samples, and none is left that is ${kind ? 'anomalous' : 'clean'}: ${overlapping} are also trusted or untrusted data or of the other kind, ${repeated} repeat another.`,
      { hint: 'Take other test data, or other trusted data.', details: { repeated, overlapping } },
    );
  }
  return { test: parts, leftOut };
}
