import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pluginDataset } from '../../main/data/plugin-dataset.ts';
import { lookAtDataset } from '../../main/plugins/dataset-facts.ts';
import { PluginProcess } from '../../main/plugins/plugin-process.ts';
import type { Described } from '../../shared/plugin/description.ts';
import { integer, paramsOf } from '../../shared/schema/fields.ts';
import { pluginOf } from '../plugins/plugin-folder.ts';

const source = (value: string) => `
import { defineDataset, fingerprint, flag, integer, z } from 'cupbearer/plugin';

export default defineDataset({
  id: 'stripes', title: 'Stripes', summary: 'Images of stripes',
  params: z.object({
    side: integer({ label: 'Side', help: 'Of an image', default: 2, min: 1 }),
    train: flag({ label: 'Training half', help: '', default: true }),
  }),
  facts: ({ side }) => ({ shape: [side, side, 1], classes: ['a', 'b'] }),
  load: async ({ side, train }) => {
    const length = train ? 6 : 4;
    return {
      shape: [side, side, 1], classes: ['a', 'b'], length, memory: 0, fingerprint: fingerprint('stripes'),
      read: (indices) => ({
        inputs: Float32Array.from({ length: indices.length * side * side }, (_, k) => ${value}),
        labels: Int32Array.from(indices, (index) => index % 2),
        size: indices.length,
      }),
    };
  },
});
`;

async function stripes(value = '(indices[Math.floor(k / (side * side))] % 2) / 2') {
  const home = mkdtempSync(join(tmpdir(), 'plugin-home-'));
  const before = process.env['CUPBEARER_HOME'];
  process.env['CUPBEARER_HOME'] = home;
  onTestFinished(async () => {
    await PluginProcess.closeAll();
    process.env['CUPBEARER_HOME'] = before;
    rmSync(home, { recursive: true });
  });
  const launch = pluginOf({ 'data.ts': source(value) });
  const plugin = await PluginProcess.start(launch);
  const [described] = (await plugin.describe()) as Described<'dataset'>[];
  const dataset = pluginDataset(
    { side: integer({ label: 'Side', help: '', default: 2 }) },
    { described: described!, plugin: launch.version, launch: () => launch },
  );
  return { plugin, described: described!, dataset };
}

const load = (definition: Awaited<ReturnType<typeof stripes>>['dataset'], params: object) =>
  definition.load(paramsOf(definition).parse({ default_augmentations: false, ...params }) as never, {
    dataDir: '',
    seed: 0,
  });

test('a dataset of a plugin is made once and read like any other', async () => {
  const { dataset, described } = await stripes();
  expect(described.fields.map(({ key }) => key)).toEqual(['side']);
  const params = paramsOf(dataset).parse({ side: 3 }) as never;
  expect(() => dataset.facts(params, '')).toThrow('is not known yet');
  const train = await load(dataset, { side: 3 });
  expect([train.length, train.shape, train.classes]).toEqual([6, [3, 3, 1], ['a', 'b']]);
  expect(train.read([1, 2], 0)).toEqual({
    inputs: Float32Array.from({ length: 18 }, (_, k) => (k < 9 ? 0.5 : 0)),
    labels: Int32Array.of(1, 0),
    size: 2,
  });
  expect(dataset.facts(params, '')).toEqual({ shape: [3, 3, 1], classes: ['a', 'b'], counts: { train: 6, test: 4 } });
  const other = await load(dataset, { side: 3, train: false });
  expect(other.length).toBe(4);
  expect(other.fingerprint).not.toBe(train.fingerprint);
});

test('its defaults are looked at when the plugin is described', async () => {
  const { plugin, described, dataset } = await stripes();
  await lookAtDataset(plugin, described);
  expect(dataset.facts(paramsOf(dataset).parse({}) as never, '')).toMatchObject({ shape: [2, 2, 1] });
});

test('other parameters are planned by the defaults, and refused once if their samples have another shape', async () => {
  const { plugin, described, dataset } = await stripes();
  await lookAtDataset(plugin, described);
  const params = paramsOf(dataset).parse({ side: 3 }) as never;
  expect(dataset.facts(params, '')).toEqual({ shape: [2, 2, 1], classes: ['a', 'b'] });
  await expect(load(dataset, { side: 3 })).rejects.toThrow('other shapes or classes than with its defaults');
  expect(dataset.facts(params, '')).toMatchObject({ shape: [3, 3, 1] });
  expect((await load(dataset, { side: 3 })).length).toBe(6);
});

test('samples that are none are refused with the first', async () => {
  const { dataset } = await stripes('2');
  await expect(load(dataset, {})).rejects.toThrow(
    'made no dataset of the train half of "stripes": expected values from 0 to 1, found 2 in sample 0',
  );
});
