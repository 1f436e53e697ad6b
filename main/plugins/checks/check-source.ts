import type { Described } from '../../../shared/plugin/description.ts';
import { failure, tolerance, trialSeed, type Check, type Params, type Trial } from './trial.ts';

export async function checkSource(
  { id }: Described<'model' | 'task'>,
  params: Params,
  trial: Trial,
  check: Check,
): Promise<void> {
  const opened = await check('opens, with trusted and test samples', async () => {
    const source = await (await trial.process()).open(id, params, trialSeed);
    if (source.layers.length === 0) throw failure('It has no layers.');
    for (const part of ['trusted', 'test'] as const)
      if (!source.parts[part]?.length) throw failure(`It has no ${part} samples.`);
    const labels = source.parts.test?.labels;
    if (!labels) throw failure('Its test samples have no labels, 1 for anomalous and 0 for normal.');
    if (!labels.includes(0) || !labels.includes(1)) throw failure('Its test samples are all normal or all anomalous.');
    return source;
  });
  if (!opened) return;
  const names = opened.layers.map(({ name }) => name);
  const count = Math.min(4, opened.parts.test!.length);
  const asked = Int32Array.from({ length: count }, (_, i) => i);
  const observe = async (indices: Int32Array) =>
    (await trial.process()).activations('test', indices, names, opened.logits !== undefined);
  const seen = await check('gives finite activations of every layer', async () => {
    const { tensors } = await observe(asked);
    for (const [i, { data }] of tensors.entries()) {
      const at = data.findIndex((value) => !Number.isFinite(value));
      if (at !== -1) throw failure(`Value ${at} of "${names[i]}" is ${data[at]}.`);
    }
    return tensors;
  });
  if (!seen || opened.layers.some(({ isRagged }) => isRagged)) return;
  await check('gives a sample alone the activations that it has among others', async () => {
    const { tensors } = await observe(asked.slice(count - 1));
    for (const [i, { data }] of tensors.entries()) {
      const whole = seen[i]!.data;
      const width = whole.length / count;
      const largest = Math.max(1e-3, ...whole.map(Math.abs));
      const at = data.findIndex(
        (value, k) => !(Math.abs(value - whole[(count - 1) * width + k]!) / largest < tolerance),
      );
      if (at !== -1) throw failure(`Value ${at} of "${names[i]}" is another one.`);
    }
  });
}
