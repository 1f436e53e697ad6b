import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRecord } from '../../main/api/runs/new-run.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import { RunSummaries } from '../../main/api/runs/run-summaries.ts';
import { runRegistry } from '../../main/runs/index.ts';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import type { SpecFile } from '../../shared/domain/run.ts';
import { parseParams } from '../../shared/schema/fields.ts';

let place: string;
let catalogue: Catalogue;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-summaries-'));
  catalogue = openCatalogue(join(place, 'catalogue.sqlite'));
});
afterEach(() => {
  catalogue.close();
  rmSync(place, { recursive: true, force: true });
});

/** A waiting detector on a classifier in the catalogue; gives its id. */
function addDetector(name: string, parent: string): string {
  const task = { name: 'backdoor', run_path: join(place, 'parent') };
  const spec = parseParams(runRegistry.get('train-detector').params, { detector: 'knn', task });
  const file: SpecFile = {
    format: 1,
    kind: 'detector',
    spec,
    seed: 0,
    engine: null,
    versions: {},
    fingerprints: {},
    parents: [parent],
    created_at: new Date().toISOString(),
  };
  const record = newRecord(join(place, name), file, name);
  catalogue.insert(record);
  return record.id;
}

/** A waiting training in the catalogue; gives its id. */
function add(name: string): string {
  const spec = parseParams(runRegistry.get('train-classifier').params, { train_data: 'glyphs' });
  const record = newRecord(
    join(place, name),
    {
      format: 1,
      kind: 'classifier',
      spec,
      seed: 0,
      engine: null,
      versions: {},
      fingerprints: {},
      parents: [],
      created_at: new Date().toISOString(),
    },
    name,
  );
  catalogue.insert(record);
  return record.id;
}

describe('the row of a run', () => {
  it('names every engine that did its own work', () => {
    const summaries = new RunSummaries(catalogue);
    const id = add('one');
    expect(summaries.get(id).engines).toEqual([]);
    const parts = (['run', 'resumed', 'evaluation'] as const).map((part, i) => ({
      engine: ['tensorflow', 'wasm', 'webgpu'][i]!,
      part,
      started_at: new Date().toISOString(),
    }));
    catalogue.update(id, { engine: 'wasm', engine_parts: parts });
    expect(summaries.get(id).engines).toEqual(['tensorflow', 'wasm']);
  });
});

describe('the setting of a run', () => {
  it('is the same whatever the seeds, its own and those of its model, and whether it analyses', () => {
    const summaries = new RunSummaries(catalogue);
    const changed = (id: string, params: object) =>
      catalogue.update(id, { spec: { ...catalogue.get(id).spec, ...params } });
    const [model, sibling, other] = ['a', 'b', 'c'].map(add);
    changed(sibling!, { seed: 1 });
    changed(other!, { num_epochs: 7 });
    const ids = [model, model, model, sibling, other].map((parent, i) => addDetector(`detector-${i}`, parent!));
    changed(ids[1]!, { seed: 5 });
    changed(ids[2]!, { analysis: false });
    const settings = ids.map((id) => summaries.settingOf(catalogue.get(id)));
    const [first, ...rest] = settings.map(({ setting }) => setting);
    expect(rest.map((setting) => setting === first)).toEqual([true, true, true, false]);
    expect(settings.map(({ seeds }) => seeds)).toEqual(['0 0 0', '0 0 5', '0 0 0', '1 0 0', '0 0 0']);
    expect(ids.map((id) => summaries.get(id).setting)).toEqual([first, ...rest]);
  });
});

describe('news of runs', () => {
  /** All changes since a revision, however many parts a busy machine makes of them. */
  const changesSince = (summaries: RunSummaries, revision: number) => {
    const changed: RunSummary[] = [];
    const removed: string[] = [];
    for (let from = revision, isAll = false; !isAll;) {
      const part = summaries.changesSince(from);
      changed.push(...part.changed);
      removed.push(...part.removed);
      ({ revision: from, isAll } = part);
    }
    return { changed, removed };
  };
  const told = (summaries: RunSummaries, revision: number) => {
    const { changed, removed } = changesSince(summaries, revision);
    return { changed: changed.map(({ id, status }) => [id, status]), removed };
  };

  it('are what has changed since a revision, each run once, as it is now', () => {
    const summaries = new RunSummaries(catalogue);
    const [one, two] = [add('one'), add('two')];
    const before = catalogue.revision;
    expect(told(summaries, before)).toEqual({ changed: [], removed: [] });
    catalogue.update(one, { status: 'running' });
    catalogue.update(one, { status: 'done' });
    expect(told(summaries, before)).toEqual({ changed: [[one, 'done']], removed: [] });
    catalogue.forget(two);
    expect(told(summaries, before)).toEqual({ changed: [[one, 'done']], removed: [two] });
    expect(told(summaries, catalogue.revision)).toEqual({ changed: [], removed: [] });
  });

  it('are those of another connection as well, whatever it changes of a run', () => {
    const summaries = new RunSummaries(catalogue);
    const ids = ['one', 'two', 'three', 'four'].map(add);
    const before = catalogue.revision;
    const other = new BetterSqlite(catalogue.path);
    other.prepare('UPDATE runs SET notes = ? WHERE id = ?').run('elsewhere', ids[0]);
    other.prepare("INSERT INTO run_tags (run_id, position, tag) VALUES (?, 0, 'paper')").run(ids[1]);
    other.prepare('DELETE FROM runs WHERE id = ?').run(ids[2]);
    other.close();
    const { changed, removed } = changesSince(summaries, before);
    expect(changed.map(({ id, notes, tags }) => [id, notes, tags])).toEqual([
      [ids[0], 'elsewhere', []],
      [ids[1], '', ['paper']],
    ]);
    expect(removed).toEqual([ids[2]]);
  });

  it('tell of the runs that build on one whose spec has changed: their words come from there', () => {
    const summaries = new RunSummaries(catalogue);
    const parent = add('parent');
    const child = addDetector('child', parent);
    expect(summaries.get(child)).toMatchObject({ model: 'mlp 256-256', dataset: 'glyphs' });
    const before = catalogue.revision;
    const { spec } = catalogue.get(parent);
    catalogue.update(parent, { spec: { ...spec, model: { name: 'mlp', hidden_dims: [8] } } });
    const models = new Map(changesSince(summaries, before).changed.map(({ id, model }) => [id, model]));
    expect([models.get(parent), models.get(child), models.size]).toEqual(['mlp 8', 'mlp 8', 2]);
    const renamed = catalogue.revision;
    catalogue.update(parent, { notes: 'the same model' });
    expect(changesSince(summaries, renamed).changed.map(({ id }) => id)).toEqual([parent]);
    const marked = catalogue.revision;
    catalogue.forget(parent);
    expect(told(summaries, marked)).toEqual({ changed: [[child, 'queued']], removed: [parent] });
  });

  it('come in slices, none of which is lost or told twice', () => {
    const ids = Array.from({ length: 205 }, (_, i) => add(`run-${i}`));
    const seen: string[] = [];
    let slices = 0;
    for (let revision = 0, isAll = false; !isAll; slices++) {
      const changes = catalogue.changesSince(revision);
      seen.push(...changes.changed.map(({ id }) => id));
      ({ revision, isAll } = changes);
    }
    expect(seen).toEqual(ids);
    expect(slices).toBeGreaterThan(1);
  });
});
