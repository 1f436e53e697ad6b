import type { Described } from '../../../shared/plugin/description.ts';
import { RandomStream } from '../../tensor/random.ts';
import { failure, sameValues, type Check, type Params, type Trial } from './trial.ts';

export async function checkTrigger(
  { id, changes }: Described<'trigger'>,
  params: Params,
  trial: Trial,
  check: Check,
): Promise<void> {
  const vocabulary = ['', 'a', 'b', 'c', 'd', 'e'];
  const isText = changes === 'texts';
  const shape = isText ? [6, 8] : [6, 8, 8, 3];
  const length = shape.reduce((product, side) => product * side, 1);
  const stream = RandomStream.from(0, 'check-plugin', 'samples');
  const data = Float32Array.from({ length }, () => (isText ? Math.floor(stream.uniform() * 6) : stream.uniform()));
  const seeds = Int32Array.from({ length: 6 }, (_, i) => i);
  const apply = async (values: Float32Array, own: Int32Array) =>
    (await trial.process()).trigger(
      id,
      params,
      { shape: [own.length, ...shape.slice(1)], data: values },
      own,
      isText ? vocabulary : undefined,
    );
  const changed = await check('changes samples of the same shape', async () => {
    const after = await apply(data, seeds);
    if (after.every((value, i) => value === data[i])) throw failure('No value of six samples has changed.');
    return after;
  });
  if (!changed) return;
  await check(isText ? 'keeps to the vocabulary' : 'keeps to values of 0 to 1', () => {
    const isFine = (value: number) =>
      isText ? Number.isInteger(value) && value >= 0 && value < vocabulary.length : value >= 0 && value <= 1;
    const at = changed.findIndex((value) => !isFine(value));
    if (at !== -1) throw failure(`Value ${at} is ${changed[at]} after the change.`);
  });
  await check('changes a sample alone as among others', async () => {
    const width = length / 6;
    const alone = await apply(data.slice(width, 2 * width), seeds.slice(1, 2));
    sameValues(changed.slice(width, 2 * width), alone, 'The second sample');
  });
}
