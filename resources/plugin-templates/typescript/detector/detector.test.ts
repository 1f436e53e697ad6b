// Run with: node --test
import assert from 'node:assert/strict';
import test from 'node:test';
import { RandomStream, scoresOn } from 'cupbearer/plugin';
import detector from './detector.ts';

test('finds what is far away', async () => {
  const stream = RandomStream.from(0, 'test');
  const rows = (count: number, mean: number) =>
    Array.from({ length: count }, () => Array.from({ length: 8 }, () => mean + stream.normal()));
  const scores = await scoresOn(detector, {
    trusted: { layer: rows(200, 0) },
    test: { layer: [...rows(20, 0), ...rows(20, 5)] },
  });
  const layer = [...scores.get('layer')!];
  assert.ok(Math.min(...layer.slice(20)) > Math.max(...layer.slice(0, 20)));
});
