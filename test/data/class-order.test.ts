import { describe, expect, it } from 'vitest';
import { classOrder, placesNote } from '../../main/data/class-order.ts';
import { withClassesOf } from '../../main/data/transforms/relabelled.ts';
import { toyDataset, upTo } from './toy-dataset.ts';

describe('the order of classes', () => {
  it.each([
    [
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ],
    [
      ['Cat', 'dog'],
      ['cat', 'DOG'],
    ],
    [
      ['e\u0301te\u0301', 'b'],
      ['\u00e9t\u00e9', 'b'],
    ],
    // Other data, whose labels say nothing to the model.
    [
      ['shirt', 'shoe'],
      ['0', '1'],
    ],
    [
      ['a', 'x'],
      ['a', 'y'],
    ],
    [
      ['same', 'same'],
      ['same', 'same'],
    ],
  ])('is left as it is for %j and %j', (found, wanted) => {
    expect(classOrder(found, wanted, 'data')).toBeUndefined();
  });

  it.each([
    [
      ['cat', 'dog'],
      ['dog', 'cat'],
      [1, 0],
    ],
    [
      ['0', '1', '10', '2'],
      ['0', '1', '2', '10'],
      [0, 1, 3, 2],
    ],
    [
      ['\u{1f431}', '\u{1f436}', 'été'],
      ['e\u0301te\u0301', '\u{1f436}', '\u{1f431}'],
      [2, 1, 0],
    ],
    [
      ['cat', 'Cat'],
      ['Cat', 'cat'],
      [1, 0],
    ],
    [
      ['09', '8.0', '07', '10'],
      ['7', '8', '9', '10.'],
      [2, 1, 0, 3],
    ],
    // They differ by the form of a number alone.
    [
      ['1', '01'],
      ['01', '1'],
      [1, 0],
    ],
    [
      ['straße', 'A１'],
      ['a1', 'STRASSE'],
      [1, 0],
    ],
  ])('is matched by name for %j and %j', (found, wanted, order) => {
    expect(classOrder(found, wanted, 'data')).toEqual(order);
  });

  it('is refused where some names are shared and others are not', () => {
    expect(() => classOrder(['bird', 'cat', 'dog'], ['dog', 'cat', 'fish'], 'pets')).toThrow(
      'The class "dog" is number 2 in the data "pets" and number 0 in the model, and other classes have no counterpart: bird, cat, dog against dog, cat, fish.',
    );
    expect(() => classOrder(['a', 'a', 'b'], ['b', 'a', 'c'], 'pets')).toThrow('other classes have no counterpart');
  });

  it.each([
    [['nine', 'eight'], ['8', '9'], 'nine, eight against 8, 9'],
    [['digit_9', 'digit_8'], ['8', '9'], 'digit_9, digit_8 against 8, 9'],
    [['a', 'x'], ['a', 'y'], 'a, x against a, y'],
  ])('is said to be by place where names %j are not those of %j', (found, wanted, names) => {
    expect(placesNote(found, wanted, 'toy')).toBe(
      `The classes of the data "toy" are named otherwise than those of the model (${names}); they are taken by their places.`,
    );
  });

  it('is not spoken of where names match', () => {
    expect(placesNote(['01', 'Cat'], ['cat', '1'], 'toy')).toBeUndefined();
    expect(placesNote(['same', 'same'], ['same', 'same'], 'toy')).toBeUndefined();
  });

  it('decides the labels of data', () => {
    const data = toyDataset(6);
    const matched = withClassesOf(data, ['c', 'a', 'b'], 'toy');
    expect(matched.classes).toEqual(['c', 'a', 'b']);
    const names = (dataset: typeof data) =>
      Array.from(dataset.read(upTo(6), 0).labels, (label) => dataset.classes[label]);
    expect(names(matched)).toEqual(names(data));
    expect([...matched.read(upTo(6), 0).labels]).toEqual([1, 2, 0, 1, 2, 0]);
    expect(matched.fingerprint).not.toBe(data.fingerprint);
    expect(withClassesOf(data, ['a', 'b', 'c'], 'toy')).toBe(data);
  });
});
