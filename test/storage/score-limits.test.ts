import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readScores, writeScores } from '../../main/storage/run-folder.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';

/** A run folder whose scores are sparse files: they say that they are `samples` zeros, and take no room on the disk. */
function sparseScores(arrays: Record<string, { type: string; samples: number; bytes?: number }>): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'scores'));
  for (const [name, { type, samples, bytes }] of Object.entries(arrays)) {
    const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${samples},), }`.padEnd(117) + '\n';
    const header = Buffer.concat([Buffer.from('\x93NUMPY\x01\0v\0', 'latin1'), Buffer.from(text)]);
    const file = openSync(join(folder, 'scores', `${name}.npy`), 'w');
    writeSync(file, header);
    ftruncateSync(file, header.length + (bytes ?? samples * Number(type.at(-1))));
    closeSync(file);
  }
  return folder;
}

const labels = (samples: number) => ({ type: '|u1', samples });
const index = (samples: number) => ({ type: '<i4', samples });
const layer = (samples: number) => ({ type: '<f4', samples });

it('scores of more samples than fit into any memory are refused by what their headers say', () => {
  const n = 1e12;
  const folder = sparseScores({ anomaly_labels: labels(n), sample_index: index(n), all: layer(n) });
  const { message } = errorOf('bad-data', () => readScores(folder));
  expect(message).toMatch(/scores": expected scores of at most 2\s097\s152 samples, found 1\s000\s000\s000\s000\.$/);
});

it('scores of too many bytes together are refused', () => {
  const n = 2 ** 21;
  const layers = Array.from({ length: 20 }, (_, i) => [`layers.linear_${i}.output`, layer(n)] as const);
  const folder = sparseScores({ anomaly_labels: labels(n), sample_index: index(n), ...Object.fromEntries(layers) });
  const { message } = errorOf('bad-data', () => readScores(folder));
  expect(message).toMatch(/scores": expected scores of at most 134\sMB, found more\.$/);
});

it.each([
  ['another length', { type: '<f4', samples: 1e12 }, 'expected Float32Array [9], found Float32Array [1000000000000]'],
  ['another type', { type: '<f8', samples: 1e12 }, 'expected Float32Array [9], found Float64Array [1000000000000]'],
  ['more bytes than it says', { type: '<f4', samples: 9, bytes: 1e12 }, 'expected 36 bytes of data for the shape [9]'],
])('an array of %s is refused by what its header says', (_, all, sentence) => {
  const folder = sparseScores({ anomaly_labels: labels(9), sample_index: index(9), all });
  const { message } = errorOf('bad-data', () => readScores(folder));
  expect(message).toContain(`"${join(folder, 'scores', 'all.npy')}": ${sentence}`);
});

it('scores of two million samples are read, and NumPy arrays of 64-bit places too', () => {
  const n = 2_000_000;
  const all = Float32Array.from({ length: n }, (_, i) => i / 7);
  const folder = temporaryFolder();
  writeScores(folder, {
    layers: new Map([['all', all]]),
    labels: new Uint8Array(n),
    sampleIndex: Int32Array.from({ length: n }, (_, i) => i),
  });
  expect(
    readScores(folder)
      .layers.get('all')!
      .every((score, i) => score === all[i]),
  ).toBe(true);
  const wide = sparseScores({ anomaly_labels: { type: '|b1', samples: n }, sample_index: { type: '<i8', samples: n } });
  expect(readScores(wide).sampleIndex).toHaveLength(n);
});
