import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateGlyphs } from '../../main/data/datasets/glyphs.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { flattenPath } from '../../main/data/glyphs/path.ts';

const context = { dataDir: 'nowhere', seed: 0 };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('glyphs', () => {
  // Pinned: runs are compared across machines and versions, so the drawings must never change in silence.
  it.each([
    ['train', 12_000, 'b54df45a42dc2e906f72f148307df828825a53325faafa9da41bd384ee8f0617'],
    ['test', 2_000, 'df1ce9a74ad868d0a329437d16434b474e58eea5377e05dab3c6090f6f9ea89f'],
  ] as const)('draws the same %s half on every machine', async (split, count, hash) => {
    const { pixels, labels, shape } = await generateGlyphs(split, 2026);
    expect(shape).toEqual([28, 28, 1]);
    expect(pixels.length).toBe(count * 784);
    for (let digit = 0; digit < 10; digit++) {
      expect(labels.filter((label) => label === digit).length).toBe(count / 10);
    }
    expect(sha256(Buffer.concat([pixels, labels]))).toBe(hash);
  });

  it('draws other digits for another glyph seed, and the same for another run seed', async () => {
    const first = (glyph_seed: number, seed: number) =>
      loadDataset({ name: 'glyphs', train: false, glyph_seed }, { ...context, seed });
    expect((await first(1, 0)).fingerprint).toBe((await first(1, 9)).fingerprint);
    expect((await first(1, 0)).fingerprint).not.toBe((await first(2, 0)).fingerprint);
  });

  it('reports progress to the end and can be cancelled', async () => {
    const seen: number[] = [];
    await generateGlyphs('test', 1, { progress: (done) => seen.push(done) });
    expect(seen).toEqual([0, 1000, 2000]);
    const stop = new AbortController();
    const cancelled = generateGlyphs('test', 1, { signal: stop.signal, progress: () => stop.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('flattenPath', () => {
  it('follows lines, curves and pen lifts', () => {
    const [corner, curve] = flattenPath('M0 0 L10 0 L10 20 M0 0 C0 10 10 10 10 0', 10);
    expect([...corner!]).toEqual([0, 0, 1, 0, 1, 2]);
    expect([...curve!.slice(-2)]).toEqual([1, 0]);
    // The curve is symmetric about x = 0.5 and its pieces meet the Bézier formula at t = 1/7.
    expect(curve![2]).toBeCloseTo(3 * (6 / 7) * (1 / 7) ** 2 + (1 / 7) ** 3, 12);
    expect(curve![3]).toBeCloseTo(3 * (6 / 7) * (1 / 7), 12);
  });
});
