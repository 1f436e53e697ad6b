import { expect, it } from 'vitest';
import { countLabels, onlyLabel, withAbsentClasses } from '../../main/data/class-counts.ts';
import { imageDataset } from '../../main/data/image-dataset.ts';

const labelled = (labels: number[]) =>
  imageDataset(
    {
      shape: [1, 1, 1],
      classes: Array.from('0123456789'),
      pixels: new Uint8Array(labels.length),
      labels: Uint8Array.from(labels),
    },
    'labelled',
  );

it('counts the samples of each class', () => {
  expect([...countLabels([2, 0, 2], 4)]).toEqual([1, 0, 2, 0]);
});

it('names the classes of a half that do not occur, at most five of them', () => {
  const all = labelled(Array.from({ length: 20 }, (_, i) => i % 10));
  expect(withAbsentClasses(all, true)).toBe(all);
  const { notes } = withAbsentClasses(labelled([3, 3, 4]), true);
  expect(notes).toEqual(['8 classes of 10 without a sample in the training half: 0, 1, 2, 5, 6, and 3 more.']);
  expect(withAbsentClasses(labelled([0, 1, 2, 3, 4, 5, 6, 7, 9]), false).notes).toEqual([
    '1 class of 10 without a sample in the test half: 8.',
  ]);
});

it('finds the one label of all samples, and a second one wherever it is', () => {
  expect(onlyLabel(labelled(Array.from({ length: 3000 }, () => 7)))).toBe(7);
  for (const place of [0, 1, 1777, 2999])
    expect(onlyLabel(labelled(Array.from({ length: 3000 }, (_, i) => (i === place ? 1 : 7))))).toBeUndefined();
  expect(onlyLabel(labelled([5]))).toBe(5);
});
