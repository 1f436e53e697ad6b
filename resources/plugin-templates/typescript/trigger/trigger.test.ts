// Run with: node --test
import assert from 'node:assert/strict';
import test from 'node:test';
import { RandomStream } from 'cupbearer/plugin';
import trigger from './trigger.ts';

test('changes the frame and nothing else', () => {
  const made = trigger.create({ width: 1, brightness: 1 } as never, { shape: [4, 4, 1], seed: 0 });
  const image = new Float32Array(16).fill(0.5);
  made.apply(image, RandomStream.from(0, 'test'));
  const inner = [5, 6, 9, 10];
  assert.ok(image.every((value, i) => value === (inner.includes(i) ? 0.5 : 1)));
});
