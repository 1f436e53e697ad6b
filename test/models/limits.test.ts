import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseNetworkSpec, readNetworkSpec } from '../../main/models/files.ts';
import { NetworkOutline, type NetworkSpec } from '../../main/models/network-outline.ts';

const description = {
  format: 1,
  architecture: { name: 'mlp', hidden_dims: [16] },
  input_shape: [28, 28, 1],
  classes: ['a', 'b'],
  parameters: 1,
  layers: [],
};
const many = <T>(value: T, count: number): T[] => Array.from({ length: count }, () => value);
const spec = (architecture: NetworkSpec['architecture'], inputShape = [28, 28, 1]): NetworkSpec => ({
  architecture,
  inputShape,
  classes: ['a', 'b'],
});

describe('a description of a model', () => {
  it.each<[string, object, RegExp]>([
    ['a million hidden layers', { architecture: { name: 'mlp', hidden_dims: many(1, 1_000_000) } }, /hidden_dims/],
    ['a million convolutions', { architecture: { name: 'cnn', channels: many(1, 1_000_000) } }, /channels/],
    ['more layers than any model', { layers: many({ name: 'x', kind: 'x', output_shape: [1] }, 10_001) }, /layers allows at most 10000 values/],
    ['more classes than labels', { classes: many('x', 2 ** 16 + 1) }, /classes allows at most 65536 values/],
    ['sides that no image has', { input_shape: [2 ** 30, 2 ** 30, 1] }, /input_shape/],
    ['more dimensions than any data', { input_shape: many(1, 9) }, /input_shape allows at most 8 values/],
    ['a vocabulary that would fill the memory', { vocabulary: 2 ** 40 }, /vocabulary must be at most 1048576/],
    ['a name of a megabyte', { classes: ['x'.repeat(2 ** 20)] }, /classes.0 allows at most 1000 characters/],
  ])('is refused with %s', (_, change, says) => {
    const parse = () => parseNetworkSpec({ ...description, ...change }, 'model.json');
    expect(parse).toThrow(expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(says) as string }));
  }); // prettier-ignore

  it('names a few of its faults, however many there are', () => {
    const layers = many({ name: 1, kind: 2 }, 10_000);
    try {
      parseNetworkSpec({ ...description, layers }, 'model.json');
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(1000);
    }
  });

  it('is refused unread where its file is larger than any', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cupbearer-model-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'model.json'), JSON.stringify({ ...description, note: 'x'.repeat(2 ** 23) }));
    expect(() => readNetworkSpec(folder)).toThrow(/expected at most 8388608 bytes/);
  });
});

describe('a network', () => {
  it('is refused by the product of its sizes, before anything of that size is made', () => {
    const wide = { name: 'mlp', hidden_dims: [65_536, 65_536] };
    expect(() => new NetworkOutline(spec(wide))).toThrow(
      /^The network is too large: expected at most 536\D870\D912 parameters, found one of 4\D346/,
    );
    const deep = { name: 'cnn', channels: [4096], kernel_size: 3, dense_dims: [] };
    expect(() => new NetworkOutline(spec(deep, [1024, 1024, 3]))).toThrow(
      /expected layers of at most 134\D217\D728 values a sample, found 4\D294\D967\D296 at "conv_layers.conv_0"/,
    );
  });
});
