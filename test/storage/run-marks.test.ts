import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { readRecord } from '../../main/storage/run-folder.ts';
import { runRecord } from './run-records.ts';

const place = mkdtempSync(join(tmpdir(), 'cupbearer-marks-'));
afterAll(() => {
  rmSync(place, { recursive: true });
});

const ids = ['20261101-000001-aaaa', '20261101-000002-bbbb', '20261101-000003-cccc'];
let count = 0;
let catalogue: Catalogue;
beforeEach(() => {
  const folder = join(place, String(count++));
  catalogue = openCatalogue(join(folder, 'catalogue.sqlite'));
  for (const id of ids) {
    mkdirSync(join(folder, id));
    catalogue.insert(runRecord({ id, folder: join(folder, id), tags: ['old', 'kept'] }));
  }
  return () => catalogue.close();
});

const tagsOf = (id: string) => catalogue.get(id).tags;

describe('marks of runs', () => {
  it('are changed for those that are named, in the catalogue and in their folders', () => {
    const change = {
      addTags: [' new ', 'kept', ''],
      removeTags: ['old'],
      title: 'the one',
      notes: 'words',
      pinned: true,
      archived: true,
    };
    catalogue.mark(ids.slice(0, 2), change);
    for (const id of ids.slice(0, 2)) {
      const marked = { tags: ['kept', 'new'], title: 'the one', notes: 'words', pinned: true, archived: true };
      expect(catalogue.get(id)).toMatchObject(marked);
      expect(readRecord(catalogue.get(id).folder)).toMatchObject(marked);
    }
    expect(catalogue.get(ids[2]!)).toMatchObject({ tags: ['old', 'kept'], notes: '', pinned: false });
  });

  it('leave alone what is left out', () => {
    catalogue.mark(ids, { notes: 'words' });
    catalogue.mark(ids, { pinned: true });
    expect(catalogue.get(ids[0]!)).toMatchObject({ tags: ['old', 'kept'], notes: 'words', pinned: true });
  });

  it('can be given by a part of an id, and of one run more than once', () => {
    catalogue.mark([ids[0]!, ids[0]!, 'bbbb'], { addTags: ['new'] });
    expect(ids.map((id) => tagsOf(id).includes('new'))).toEqual([true, true, false]);
  });

  it('are changed of none where one is not known', () => {
    expect(() => {
      catalogue.mark([...ids, 'nobody'], { addTags: ['new'], pinned: true });
    }).toThrow(expect.objectContaining({ code: 'not-found' }));
    expect(ids.map((id) => [tagsOf(id).length, catalogue.get(id).pinned])).toEqual(ids.map(() => [2, false]));
  });

  it('are changed of a run whose id cannot be read, too', () => {
    const database = new Database(catalogue.path);
    database.pragma('foreign_keys = OFF');
    database.prepare("UPDATE runs SET id = '' WHERE id = ?").run(ids[0]);
    database.close();
    const damaged = catalogue.list().find(({ id }) => !ids.includes(id))!;
    catalogue.mark([damaged.id, ids[1]!], { addTags: ['new'], notes: 'words', pinned: true });
    for (const id of [damaged.id, ids[1]!]) expect(catalogue.get(id)).toMatchObject({ notes: 'words', pinned: true });
    expect([tagsOf(damaged.id), tagsOf(ids[1]!)]).toEqual([['new'], ['old', 'kept', 'new']]);
  });

  it('show as changes of those runs alone', () => {
    const { revision } = catalogue;
    catalogue.mark([ids[1]!], { addTags: ['new'] });
    expect(catalogue.changesSince(revision).changed.map(({ id }) => id)).toEqual([ids[1]]);
  });

  it('leave the tags that a list of sets would', () => {
    const tag = fc.constantFrom<string>('a', 'b', ' c ', '', 'old', "d'e", '"');
    const changes = fc.array(fc.record({ addTags: fc.array(tag), removeTags: fc.array(tag) }), { maxLength: 4 });
    fc.assert(
      fc.property(changes, (all) => {
        catalogue.mark(ids, { removeTags: tagsOf(ids[0]!) });
        let expected: string[] = [];
        for (const { addTags, removeTags } of all) {
          catalogue.mark(ids, { addTags, removeTags });
          const added = addTags.map((each) => each.trim()).filter((each) => each !== '');
          expected = [...new Set([...expected, ...added])].filter((each) => !removeTags.includes(each));
        }
        expect(ids.map(tagsOf)).toEqual(ids.map(() => expected));
      }),
      { numRuns: 30 },
    );
  });
});
