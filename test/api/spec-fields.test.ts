import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRecord } from '../../main/api/runs/new-run.ts';
import { RunSummaries } from '../../main/api/runs/run-summaries.ts';
import { specFields, specValues } from '../../main/api/runs/spec-fields.ts';
import { runDefinitionOf } from '../../main/runs/index.ts';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import type { RunKind } from '../../shared/domain/run.ts';
import type { SpecValue } from '../../shared/domain/spec-field.ts';
import { parseParams } from '../../shared/schema/fields.ts';

let place: string;
let catalogue: Catalogue;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-fields-'));
  catalogue = openCatalogue(join(place, 'catalogue.sqlite'));
});
afterEach(() => {
  catalogue.close();
  rmSync(place, { recursive: true, force: true });
});

/** Adds a run to the catalogue; returns its id. */
function add(kind: RunKind, name: string, params: Record<string, unknown>, parents: readonly string[] = []): string {
  const spec = parseParams(runDefinitionOf(kind).params, params);
  const record = newRecord(
    join(place, name),
    {
      format: 1,
      kind,
      spec,
      seed: 0,
      engine: null,
      versions: {},
      fingerprints: {},
      parents: [...parents],
      created_at: new Date().toISOString(),
    },
    name,
  );
  catalogue.insert(record);
  return record.id;
}

const poisoned = (share: number, seed: number) => ({
  train_data: { name: 'backdoor', original: 'glyphs', backdoor: { name: 'corner', p_backdoor: share } },
  seed,
});
/** A classifier of this name, and a detector on it. */
function addPair(name: string, share: number, seed: number, detector: Record<string, unknown> = { name: 'knn' }) {
  const classifier = add('classifier', name, poisoned(share, seed));
  const task = { name: 'backdoor', run_path: join(place, name), seed };
  const fitted = add('detector', `${name}-${String(detector['name'])}`, { detector, task, seed }, [classifier]);
  return { classifier, fitted };
}

async function valuesOf(paths: string[], ids?: string[]): Promise<Map<string, SpecValue[]>> {
  const found = new Map<string, SpecValue[]>();
  for await (const part of specValues(catalogue, paths, ids, new AbortController().signal))
    for (const [row, id] of part.ids.entries())
      found.set(
        id,
        part.fields.map(({ values, of }) => values[of[row]!]!),
      );
  return found;
}

describe('the setting of a run', () => {
  it('is the same for runs that differ in seeds only, those of what they build on included', () => {
    const [one, other] = [addPair('a', 0.05, 0), addPair('b', 0.05, 1)];
    const summaries = new RunSummaries(catalogue);
    const setting = (id: string) => summaries.get(id).setting;
    expect(setting(one.classifier)).toBe(setting(other.classifier));
    expect(setting(one.fitted)).toBe(setting(other.fitted));
    expect(setting(one.fitted)).not.toBe(setting(one.classifier));
    expect([one, other].map(({ fitted }) => summaries.get(fitted).modelSeed)).toEqual([0, 1]);
  });

  it('is another one where the classifier, the task or the detector is', () => {
    const summaries = new RunSummaries(catalogue);
    const made = [
      addPair('a', 0.05, 0),
      addPair('b', 0.1, 0),
      addPair('c', 0.05, 0, { name: 'knn', k: 7 }),
      addPair('d', 0.05, 0, { name: 'mahalanobis' }),
    ];
    expect(new Set(made.map(({ fitted }) => summaries.get(fitted).setting)).size).toBe(4);
  });

  it('of an evaluation depends on the detector that it evaluates', () => {
    const summaries = new RunSummaries(catalogue);
    const evaluated = (name: string, k: number, seed: number) => {
      const { classifier, fitted } = addPair(name, 0.05, seed, { name: 'knn', k });
      const detector = { name: 'from_run', path: join(place, `${name}-knn`) };
      const task = { name: 'backdoor', run_path: join(place, name) };
      return summaries.get(add('evaluation', `${name}-again`, { detector, task }, [fitted, classifier])).setting;
    };
    const [same, alike, different] = [evaluated('a', 3, 0), evaluated('b', 3, 1), evaluated('c', 5, 0)];
    expect(same).toBe(alike);
    expect(same).not.toBe(different);
  });
});

describe('the experiments of a run', () => {
  it('are in its row, and a change of them is a change of the run', () => {
    const { fitted } = addPair('a', 0.05, 0);
    const other = new BetterSqlite(catalogue.path);
    other
      .prepare(
        "INSERT INTO experiments (id, name, folder, spec, runs, created_at) VALUES ('e', 'Mine', '/e', '{}', 1, '2026-11-24T10:00:00Z')",
      )
      .run();
    const summaries = new RunSummaries(catalogue);
    const change = (sql: string) => {
      const before = catalogue.revision;
      other.exec(sql);
      return summaries.changesSince(before).changed.map(({ id, experiments }) => [id, experiments]);
    };
    expect(summaries.get(fitted).experiments).toEqual([]);
    expect(change(`INSERT INTO experiment_runs VALUES ('e', 'key', '${fitted}')`)).toEqual([[fitted, ['e']]]);
    other.pragma('foreign_keys = ON');
    expect(change("DELETE FROM experiments WHERE id = 'e'")).toEqual([[fitted, []]]);
    other.close();
  });
});

describe('parameters of runs', () => {
  it('are read from the run itself and from what it builds on', async () => {
    const { classifier, fitted } = addPair('a', 0.05, 0, { name: 'knn', k: 7 });
    const evaluation = add(
      'evaluation',
      'again',
      {
        detector: { name: 'from_run', path: join(place, 'a-knn') },
        task: { name: 'backdoor', run_path: join(place, 'a') },
      },
      [fitted, classifier],
    );
    const paths = ['classifier.train_data.backdoor.p_backdoor', 'detector.k', 'detector', 'task', 'evaluation.seed'];
    const values = await valuesOf(paths);
    expect(values.get(classifier)).toEqual([0.05, null, null, null, null]);
    expect(values.get(fitted)).toEqual([0.05, 7, 'knn', 'backdoor', 0]);
    expect(values.get(evaluation)).toEqual([0.05, 7, 'knn', 'backdoor', 0]);
    expect(await valuesOf(['detector.k'], [fitted])).toEqual(new Map([[fitted, [7]]]));
    expect((await valuesOf(['detector.constructor', 'detector.__proto__'], [fitted])).get(fitted)).toEqual([
      null,
      null,
    ]);
  });

  it('that differ among the runs come first, by their labels and without paths of the machine', async () => {
    addPair('a', 0.05, 0);
    addPair('b', 0.1, 0);
    const fields = await specFields(catalogue, undefined);
    expect(fields[0]).toEqual({
      path: 'classifier.train_data.backdoor.p_backdoor',
      labels: ['Classifier', 'Training data', 'Trigger', 'Poisoned share'],
      isShare: true,
      values: 2,
    });
    expect(fields.find(({ path }) => path === 'detector.k')).toMatchObject({ labels: ['Detector', 'k'], values: 1 });
    expect(fields.filter(({ path }) => path.endsWith('run_path'))).toEqual([]);
  });

  it('of a damaged row are left out', async () => {
    const { fitted } = addPair('a', 0.05, 0);
    const other = new BetterSqlite(catalogue.path);
    other.prepare("UPDATE runs SET spec = '[1]' WHERE id = ?").run(fitted);
    other.close();
    expect([...(await valuesOf(['detector.k'])).keys()]).not.toContain(fitted);
    expect((await specFields(catalogue, undefined)).some(({ path }) => path.startsWith('classifier.'))).toBe(true);
  });
});
