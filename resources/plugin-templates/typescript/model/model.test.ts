// Run with: node --test
import assert from 'node:assert/strict';
import test from 'node:test';
import { RandomStream } from 'cupbearer/plugin';
import model from './model.ts';

test('gives activations of each sample', async () => {
  const { signal } = new AbortController();
  const opened = await model.open({ width: 8 }, { stream: RandomStream.from(0, 'test'), signal });
  const { layers } = await opened.activations('test', Int32Array.of(0, 150), ['first', 'second'], false);
  assert.deepEqual(
    [...layers].map(([name, values]) => [name, values.length]),
    [
      ['first', 16],
      ['second', 16],
    ],
  );
  const again = await opened.activations('test', Int32Array.of(150), ['second'], false);
  assert.deepEqual(again.layers.get('second'), layers.get('second')!.slice(8));
});
