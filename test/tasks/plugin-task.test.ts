import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { activationBatches, type ActivationBatch } from '../../main/models/activations.ts';
import { PluginProcess } from '../../main/plugins/plugin-process.ts';
import { distinctTest } from '../../main/tasks/distinct.ts';
import { pluginTask } from '../../main/tasks/plugin-task.ts';
import type { Described } from '../../shared/plugin/description.ts';
import { paramsOf } from '../../shared/schema/fields.ts';
import { integer } from '../../shared/schema/fields.ts';
import { pluginOf } from '../plugins/plugin-folder.ts';

/** A model whose activation of sample i is i, i + 1, ...; of tokens it has i % 3 + 1. */
const source = `
import { defineModelTask, integer, readFileBytes } from 'cupbearer/plugin';

const part = (length: number, name: string, labels?: number[]) => ({
  length,
  fingerprint: name,
  texts: Array.from({ length }, (_, i) => name + ' ' + i),
  lengths: Int32Array.from({ length }, (_, i) => (i % 3) + 1),
  ...(labels ? { labels } : {}),
});

export default defineModelTask({
  id: 'counting',
  title: 'Counting',
  summary: 'A model that counts',
  threat: 'None at all',
  anomalous: 'Late',
  params: { width: integer({ label: 'Width', help: 'Of the layer', default: 2, min: 1, max: 9 }) },
  open({ width }) {
    return {
      layers: [{ name: 'plain', shape: [width] }, { name: 'tokens', shape: [3, 2], isRagged: true }],
      logits: 2,
      parts: {
        trusted: part(20, 'trusted'),
        test: part(10, 'test', [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]),
      },
      fingerprint: 'weights',
      activations: (name, indices, layers, wantsLogits) => ({
        layers: new Map(
          layers.map((layer) => [
            layer,
            layer === 'plain'
              ? Float32Array.from({ length: indices.length * width }, (_, k) => indices[Math.floor(k / width)] + (k % width))
              : Float32Array.from(Array.from(indices).flatMap((i) => Array.from({ length: ((i % 3) + 1) * 2 }, (_, k) => 10 * i + k))),
          ]),
        ),
        ...(wantsLogits ? { logits: new Float32Array(indices.length * 2).fill(0.5) } : {}),
      }),
    };
  },
});
`;

async function counting() {
  const home = mkdtempSync(join(tmpdir(), 'plugin-home-'));
  const before = process.env['CUPBEARER_HOME'];
  process.env['CUPBEARER_HOME'] = home;
  onTestFinished(async () => {
    await PluginProcess.closeAll();
    process.env['CUPBEARER_HOME'] = before;
    rmSync(home, { recursive: true });
  });
  const launch = pluginOf({ 'model.ts': source });
  const plugin = await PluginProcess.start(launch);
  const [described] = (await plugin.describe()) as Described<'task'>[];
  await plugin.close();
  let starts = 0;
  const task = pluginTask(
    { width: integer({ label: 'Width', help: '', default: 2 }) },
    {
      described: described!,
      plugin: launch.version,
      launch: () => {
        starts++;
        return launch;
      },
    },
  );
  return { task, described, starts: () => starts };
}

test('a model of a plugin is a task that brings its activations along', async () => {
  const { task, described } = await counting();
  expect(described).toMatchObject({ kind: 'task', anomalous: 'Late', threat: 'None at all' });
  const params = paramsOf(task).parse({ width: 3, seed: 0 });
  const built = await task.build(params, { dataDir: '' });
  const { source: model, trusted, test: parts } = built;
  expect(model.activationNames).toEqual(['plain', 'tokens', 'logits']);
  expect(model.defaultActivations).toEqual(['plain', 'tokens']);
  expect(trusted.indices).toHaveLength(20);
  expect(parts.map(({ indices, anomalous }) => [anomalous, [...indices]])).toEqual([
    [false, [0, 1, 2, 3, 4]],
    [true, [5, 6, 7, 8, 9]],
  ]);
  expect(distinctTest(built, 'refuse').leftOut).toEqual({ repeated: 0, overlapping: 0 });
  expect(parts[0]!.dataset.texts?.([3])).toEqual(['test 3']);
  const batches = activationBatches(model, trusted.dataset, {
    names: ['plain', 'tokens'],
    logits: true,
    pooling: 'mean',
    tokens: 'last',
    batchSize: 2,
    indices: Int32Array.of(4, 1, 5),
  });
  const found: ActivationBatch[] = [];
  for await (const batch of batches) found.push(batch);
  expect(found.map(({ layers }) => [...layers.get('plain')!])).toEqual([
    [4, 5, 6, 1, 2, 3],
    [5, 6, 7],
  ]);
  // Sample 4 has two tokens, 1 two and 5 three; the last of each.
  expect(found.map(({ layers }) => [...layers.get('tokens')!])).toEqual([
    [42, 43, 12, 13],
    [54, 55],
  ]);
  expect(found[0]!.logits).toEqual(new Float32Array(4).fill(0.5));
  expect(await model.identity()).toMatchObject({ fingerprint: 'weights', params: { width: 3 } });
  model.dispose();
});

test('it is opened once for its outline, which is kept', async () => {
  const { task, starts } = await counting();
  if (task.watches.what !== 'records') throw new Error('It watches a classifier.');
  const params = paramsOf(task).parse({ max_test_size: 6 });
  expect(task.offers(params)).toMatchObject({ trusted: true, untrusted: true });
  const outline = await task.watches.outline(params);
  expect(outline.testSize).toBe(6);
  expect(outline.source.activationShape('plain')).toEqual([2]);
  expect(task.offers(params)).toMatchObject({ trusted: true, untrusted: false });
  await task.watches.outline(params);
  expect(starts()).toBe(1);
});
