import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostGroups, parsePlace, writePlace, type RunsPlace } from '../../renderer/screens/runs/place.ts';

const read = (text: string) => parsePlace(new URLSearchParams(text));

describe('the place of the table of runs', () => {
  it('is an address that people can read', () => {
    const place: RunsPlace = {
      filter: 'tag:paper auroc>0.9 "50 % & more"',
      groups: ['experiment', 'task.max_test_size'],
      columns: [{ id: 'task' }, { id: 'auroc', width: 240 }],
      sort: { column: 'auroc', descending: true },
    };
    const address = writePlace(place);
    expect(address).toBe(
      '?filter=tag:paper%20auroc>0.9%20%2250%20%25%20%26%20more%22&group=experiment,task.max_test_size&columns=task,auroc:240&sort=-auroc',
    );
    expect(read(address)).toEqual(place);
    expect(writePlace({})).toBe('');
  });

  it('leaves out what is not valid', () => {
    expect(read('?group=a,a,b%20c,d,e,f&columns=x:9999999,y:1,z:500,a b&sort=no such&filter=')).toEqual({
      groups: ['a'],
      columns: [
        { id: 'y', width: 48 },
        { id: 'z', width: 500 },
      ],
    });
    expect(read('?group=a,b,c,d').groups).toHaveLength(mostGroups);
  });

  it('is read back whatever it holds', () => {
    const id = fc.stringMatching(/^[\w.-]{1,20}$/);
    const lists = { minLength: 1, maxLength: mostGroups };
    const columns = fc.uniqueArray(
      fc.record({ id, width: fc.integer({ min: 48, max: 800 }) }, { requiredKeys: ['id'] }),
      { ...lists, selector: (column) => column.id },
    );
    const place = fc.record(
      {
        filter: fc.string({ unit: 'grapheme', minLength: 1 }),
        groups: fc.uniqueArray(id, lists),
        columns,
        sort: fc.record({ column: fc.stringMatching(/^\w[\w.-]{0,20}$/), descending: fc.boolean() }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(place, (made) => {
        expect(read(writePlace(made))).toEqual(made);
      }),
    );
  });
});
