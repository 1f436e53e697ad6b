// Run with: node --test
import assert from 'node:assert/strict';
import test from 'node:test';
import dataset from './dataset.ts';

test('draws every class from 0 to 1', async () => {
  const params = { train: true, samples: 200, noise: 0.1 };
  const drawn = await dataset.load(params as never, { dataDir: '.', seed: 0 });
  const { inputs, labels } = drawn.read([...Array(200).keys()], 0);
  assert.ok(inputs.every((value) => value >= 0 && value <= 1));
  assert.deepEqual([...new Set(labels)].sort(), [0, 1, 2, 3]);
});
