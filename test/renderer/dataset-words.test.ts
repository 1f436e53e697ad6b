import { expect, it } from 'vitest';
import { datasetFacts, stateWords } from '../../renderer/screens/datasets/dataset-words.ts';
import type { DatasetSummary } from '../../shared/domain/library.ts';

const pictures: DatasetSummary = {
  name: 'signs',
  title: 'Signs',
  summary: 'Road signs',
  state: 'own',
  folder: '/data/signs',
  bytes: 0,
  samples: { train: 1200, test: 300 },
  classes: 4,
  shape: [24, 32, 3],
  downloadBytes: null,
  homepage: null,
  licence: null,
  citation: null,
  byHand: null,
  files: [],
  pick: { name: 'image-folder' },
};
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');
const facts = (changes: Partial<DatasetSummary>) =>
  datasetFacts({ ...pictures, ...changes }).map(([name, fact]) => `${name}: ${plain(fact)}`);

it('tells what is known of a dataset', () => {
  expect(facts({ licence: 'CC0' })).toEqual([
    'Samples: 1 200 to train, 300 to test',
    'Size: 32 × 24 px, colour',
    'Licence: CC0',
    'Folder: /data/signs',
  ]);
  expect(facts({ shape: [48], classes: null, folder: null })).toEqual([
    'Samples: 1 200 to train, 300 to test',
    'Size: 48 values',
  ]);
});

it('does not say again what its summary says', () => {
  expect(facts({ summary: 'Road signs, 32\u00a0×\u00a024 colour, 1\u202f200 + 300' })).toEqual(['Folder: /data/signs']);
});

it('counts no samples of what is not there, and says how it is had', () => {
  const missing: Partial<DatasetSummary> = { state: 'missing', samples: { train: 0, test: 0 }, folder: null };
  expect(facts(missing)).toEqual(['Size: 32 × 24 px, colour', 'Classes: 4']);
  expect(stateWords({ ...pictures, ...missing }, undefined)).toBe('By hand, from its publishers');
  expect(plain(stateWords({ ...pictures, ...missing, downloadBytes: 11_600_000 }, undefined))).toBe(
    '11.6 MB to download',
  );
});
