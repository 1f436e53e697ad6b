import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRecord } from '../../main/api/new-run.ts';
import { RunSummaries } from '../../main/api/run-summaries.ts';
import { experimentRegistry } from '../../main/experiments/index.ts';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
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

/** A waiting training in the catalogue; gives its id. */
function add(name: string): string {
  const spec = parseParams(experimentRegistry.get('train-classifier').params, { train_data: 'glyphs' });
  const record = newRecord(join(place, name), {
    format: 1,
    kind: 'classifier',
    spec,
    seed: 0,
    engine: null,
    versions: {},
    fingerprints: {},
    parents: [],
    created_at: new Date().toISOString(),
  });
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

describe('news of runs', () => {
  it('are told although somebody asked about the run in between', () => {
    const summaries = new RunSummaries(catalogue);
    const id = add('one');
    expect(summaries.newest(10).map((run) => run.status)).toEqual(['queued']);
    catalogue.update(id, { status: 'done' });
    expect(summaries.get(id).status).toBe('done');
    expect(summaries.refresh().changed.map((run) => [run.id, run.status])).toEqual([[id, 'done']]);
    expect(summaries.refresh().changed).toEqual([]);
  });

  it('are told of a run that a second watcher was the first to be told of', () => {
    const summaries = new RunSummaries(catalogue);
    add('one');
    summaries.newest(10);
    const id = add('two');
    expect(summaries.all()).toHaveLength(2);
    expect(summaries.refresh().changed.map((run) => run.id)).toEqual([id]);
  });

  it('that are asked for by name are always told, and what is gone', () => {
    const summaries = new RunSummaries(catalogue);
    const id = add('one');
    summaries.newest(10);
    expect(summaries.refresh([id]).changed.map((run) => run.id)).toEqual([id]);
    catalogue.forget(id);
    expect(summaries.refresh([id])).toEqual({ changed: [], removed: [id] });
  });
});
