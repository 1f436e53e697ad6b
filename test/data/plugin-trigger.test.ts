import { afterEach, expect, test } from 'vitest';
import { pluginTrigger } from '../../main/data/plugin-trigger.ts';
import { imageDataset } from '../../main/data/image-dataset.ts';
import { fullyPoisoned } from '../../main/data/transforms/poisoning.ts';
import { closeTriggerBridges } from '../../main/plugins/trigger-bridge.ts';
import { PluginProcess } from '../../main/plugins/plugin-process.ts';
import type { Described } from '../../shared/plugin/description.ts';
import { number, paramsOf } from '../../shared/schema/fields.ts';
import { pluginOf } from '../plugins/plugin-folder.ts';

afterEach(closeTriggerBridges);

const source = (apply: string) => `
import { defineTrigger, number } from 'cupbearer/plugin';
export default defineTrigger({
  id: 'brighter', title: 'Brighter', summary: 'Adds to the first value',
  params: { by: number({ label: 'By', help: '', default: 0.25 }) },
  create: ({ by }) => ({ spec: { id: 'brighter', by }, apply(sample, stream) { ${apply} }, state: () => ({}) }),
});`;

async function brighter(apply: string) {
  const launch = pluginOf({ 'trigger.ts': source(apply) });
  const plugin = await PluginProcess.start(launch);
  const [described] = (await plugin.describe()) as Described<'trigger'>[];
  await plugin.close();
  const definition = pluginTrigger(
    described!,
    { by: number({ label: 'By', help: '', default: 0.25 }) },
    launch.version,
    () => launch,
  );
  const params = paramsOf(definition).parse({ by: 0.5 }) as never;
  return { described, trigger: definition.create(params, { shape: [1, 2, 1], seed: 0 }) };
}

const images = imageDataset(
  { shape: [1, 2, 1], classes: ['a', 'b'], pixels: Uint8Array.of(0, 255, 51, 0), labels: Uint8Array.of(0, 1) },
  'images',
);
const poison = { target_class: 1, cycle_class: false, seed: 3 };

test('a trigger of a plugin changes samples while they are read', async () => {
  const { trigger, described } = await brighter('sample[0] += by;');
  expect(described!.fields.map(({ key }) => key)).toEqual(['by']);
  const poisoned = fullyPoisoned(images, trigger, poison);
  expect(poisoned.read([1, 0], 0)).toEqual({
    inputs: Float32Array.of(Math.fround(0.2) + 0.5, 0, 0.5, 1),
    labels: Int32Array.of(1, 1),
    size: 2,
  });
  // Its process is this thread's.
  expect(poisoned.recipe).toBeUndefined();
});

test('what is random in it follows from seed, epoch and sample', async () => {
  const { trigger } = await brighter('sample[0] = stream.uniform();');
  const read = (index: number, epoch: number) => fullyPoisoned(images, trigger, poison).read([index], epoch).inputs[0];
  expect(read(0, 0)).toBe(read(0, 0));
  expect(new Set([read(0, 0), read(1, 0), read(0, 1)]).size).toBe(3);
});

test('a trigger that fails says why', async () => {
  const { trigger } = await brighter(`throw new Error('too bright');`);
  expect(() => fullyPoisoned(images, trigger, poison).read([0], 0)).toThrow('too bright');
});
