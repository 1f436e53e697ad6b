import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { runKinds, runRecordSchema, runStatuses, type RunRecord } from '../../shared/domain/run.ts';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { readFolderList } from '../../main/storage/folder-list.ts';
import { checkSchema, latestSchemaVersion, migrate, migrations } from '../../main/storage/migrations/index.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { isProcessAlive, processIdentity } from '../../main/storage/process-identity.ts';
import { readRecord, writeRecord } from '../../main/storage/run-folder.ts';
import { newRunId } from '../../main/storage/run-id.ts';
import { openSqlite } from '../../main/storage/sqlite.ts';
import { firstOutputOf, outputOf, startChild } from './child.ts';
import { errorOf, fixture, fixturePath, temporaryFolder } from './fixtures.ts';
import { runRecord } from './run-records.ts';

/** A catalogue that is closed when the test ends. */
function opened(file: string): Catalogue {
  const catalogue = openCatalogue(file);
  onTestFinished(() => catalogue.close());
  return catalogue;
}

function emptyCatalogue(): Catalogue {
  return opened(join(temporaryFolder(), 'home', 'catalogue.sqlite'));
}

/** A run folder that exists. */
function runFolder(): string {
  const folder = join(temporaryFolder(), 'run');
  mkdirSync(folder);
  return folder;
}

describe('insert and update', () => {
  it('keep every field', () => {
    const catalogue = emptyCatalogue();
    const record = runRecord({
      parents: ['b-parent', 'a-parent'],
      tags: ['z', 'a'],
      notes: 'line\nü "quoted"',
      pinned: true,
      error: { code: 'crashed', message: 'Gone.', hint: 'Again.', details: { step: 3 } },
    });
    catalogue.insert(record);
    expect(catalogue.get(record.id)).toEqual(record);
    const patch = { status: 'failed', tags: ['b'], parents: [], archived: true, metrics: { auroc: 0.5 } } as const;
    const changed = catalogue.update(record.id, { ...patch, tags: ['b'], parents: [] });
    expect(changed).toEqual({ ...record, ...patch });
    expect(catalogue.get(record.id)).toEqual(changed);
  });

  it('are there after closing and opening again', () => {
    const file = join(temporaryFolder(), 'catalogue.sqlite');
    const first = openCatalogue(file);
    first.insert(runRecord());
    first.close();
    expect(opened(file).list()).toEqual([runRecord()]);
  });

  it('write run.json into the folder', () => {
    const catalogue = emptyCatalogue();
    const folder = runFolder();
    catalogue.insert(runRecord({ folder }));
    expect(readRecord(folder)).toEqual(runRecord({ folder }));
    catalogue.update(runRecord().id, { notes: 'new' });
    expect(readRecord(folder).notes).toBe('new');
  });

  it('never write into a folder that belongs to another run by now, or to a newer version', () => {
    const catalogue = emptyCatalogue();
    const folder = runFolder();
    catalogue.insert(runRecord({ folder }));
    writeRecord(folder, runRecord({ id: 'other', folder }));
    catalogue.update(runRecord().id, { notes: 'new' });
    expect(readRecord(folder).id).toBe('other');
    writeFileSync(join(folder, 'run.json'), '{"format":2}');
    catalogue.update(runRecord().id, { notes: 'newer' });
    expect(readFileSync(join(folder, 'run.json'), 'utf8')).toBe('{"format":2}');
  });

  it('work where the run folder was deleted', () => {
    const catalogue = emptyCatalogue();
    const folder = runFolder();
    catalogue.insert(runRecord({ folder }));
    rmSync(folder, { recursive: true });
    expect(catalogue.update(runRecord().id, { pinned: true }).pinned).toBe(true);
    expect(existsSync(folder)).toBe(false);
    expect(catalogue.notices).toEqual([]);
  });

  it('of a run that cannot be recorded in its folder: insert adds nothing, update says so', () => {
    const catalogue = emptyCatalogue();
    const folder = runFolder();
    catalogue.insert(runRecord({ id: 'a', folder }));
    rmSync(join(folder, 'run.json'));
    // A folder in the place of the file: nothing can be renamed onto it.
    mkdirSync(join(folder, 'run.json', 'x'), { recursive: true });
    expect(catalogue.update('a', { status: 'failed' }).status).toBe('failed');
    expect(catalogue.notices).toHaveLength(1);
    expect(catalogue.notices[0]).toContain('run.json');
    errorOf('storage', () => catalogue.insert(runRecord({ id: 'b', folder })));
    expect(catalogue.list().map(({ id }) => id)).toEqual(['a']);
  });

  it('refuse a taken id and an unknown one', () => {
    const catalogue = emptyCatalogue();
    catalogue.insert(runRecord());
    errorOf('conflict', () => catalogue.insert(runRecord()));
    errorOf('not-found', () => catalogue.update('nobody', {}));
  });

  it('keep whatever a record may hold', () => {
    const catalogue = emptyCatalogue();
    const text = fc.string({ unit: 'binary' }).map((value) => value.toWellFormed().replaceAll('\0', ''));
    const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify({ value })) as Record<string, unknown>);
    const changes = fc.record({
      kind: fc.constantFrom(...runKinds),
      status: fc.constantFrom(...runStatuses),
      title: text,
      spec: json,
      parents: fc.array(text, { maxLength: 3 }),
      metrics: fc.dictionary(
        fc.constantFrom('auroc', 'ap'),
        fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0)),
      ),
      tags: fc.array(
        text.filter((tag) => tag !== ''),
        { maxLength: 3 },
      ),
      notes: text,
      host_pid: fc.option(fc.integer({ min: 1 })),
    });
    let count = 0;
    fc.assert(
      fc.property(changes, (values) => {
        const record = runRecord({ ...values, metrics: { ...values.metrics }, id: `run-${count++}` });
        catalogue.insert(record);
        expect(catalogue.get(record.id)).toEqual(record);
      }),
      { numRuns: 25 },
    );
  });
});

describe('get', () => {
  const ids = ['20261123-203311-k3f9', '20261123-203311-m222', '20261124-101010-k3fz'];

  function filled(): Catalogue {
    const catalogue = emptyCatalogue();
    for (const id of ids) catalogue.insert(runRecord({ id }));
    return catalogue;
  }

  it('finds by the whole id, its beginning or its last part', () => {
    const catalogue = filled();
    for (const id of [ids[2]!, '20261124', 'k3fz', '20261124-101010-k']) expect(catalogue.get(id).id).toBe(ids[2]);
  });

  it('finds a whole id that another one begins with', () => {
    const catalogue = filled();
    catalogue.insert(runRecord({ id: ids[0] + '-2' }));
    expect(catalogue.get(ids[0]!).id).toBe(ids[0]);
  });

  it('lists the candidates where several fit', () => {
    const error = errorOf('usage', () => filled().get('20261123'));
    expect(error.message).toBe(`2 runs fit "20261123": ${ids[0]}, ${ids[1]}.`);
  });

  it('names the nearest where none fits', () => {
    const catalogue = filled();
    expect(errorOf('not-found', () => catalogue.get('20261124-101010-k3fy')).message).toContain(`"${ids[2]}"`);
    errorOf('not-found', () => catalogue.get(''));
    errorOf('not-found', () => catalogue.get('%'));
  });
});

describe('list and byFolder', () => {
  function filled(): Catalogue {
    const catalogue = emptyCatalogue();
    const at = (hour: number) => `2026-11-23T0${hour}:00:00.000Z`;
    catalogue.insert(
      runRecord({ id: 'b', created_at: at(2), kind: 'detector', title: 'Mahalanobis 100%', folder: '/x' }),
    );
    catalogue.insert(runRecord({ id: 'a', created_at: at(1), tags: ['paper', 'figure 3'], folder: '/x' }));
    catalogue.insert(
      runRecord({ id: 'c', created_at: at(3), status: 'running', notes: 'paper draft', archived: true }),
    );
    return catalogue;
  }
  const idsOf = (records: RunRecord[]) => records.map(({ id }) => id);

  it('gives the newest first, up to a limit', () => {
    expect(idsOf(filled().list())).toEqual(['c', 'b', 'a']);
    expect(idsOf(filled().list({ limit: 2 }))).toEqual(['c', 'b']);
  });

  it('filters by kind, status and archive', () => {
    const catalogue = filled();
    expect(idsOf(catalogue.list({ kind: 'detector' }))).toEqual(['b']);
    expect(idsOf(catalogue.list({ status: 'running' }))).toEqual(['c']);
    expect(idsOf(catalogue.list({ archived: false }))).toEqual(['b', 'a']);
    expect(idsOf(catalogue.list({ kind: 'detector', status: 'running' }))).toEqual([]);
  });

  it('searches title, notes and tags for every word, wildcards being ordinary characters', () => {
    const catalogue = filled();
    expect(idsOf(catalogue.list({ search: 'PAPER' }))).toEqual(['c', 'a']);
    expect(idsOf(catalogue.list({ search: 'paper  figure' }))).toEqual(['a']);
    expect(idsOf(catalogue.list({ search: '%' }))).toEqual(['b']);
    expect(idsOf(catalogue.list({ search: '_' }))).toEqual([]);
  });

  it('finds the newest run of a folder', () => {
    expect(filled().byFolder('/x')?.id).toBe('b');
    expect(filled().byFolder('/y')).toBeUndefined();
  });
});

describe('markInterrupted', () => {
  it('marks what has no process any more and nothing else', () => {
    const catalogue = emptyCatalogue();
    const folder = runFolder();
    catalogue.insert(runRecord({ id: 'gone', status: 'running', host_pid: 1, folder }));
    catalogue.insert(runRecord({ id: 'waiting', status: 'queued', host_pid: 1 }));
    catalogue.insert(runRecord({ id: 'nobody', status: 'queued', host_pid: null }));
    catalogue.insert(runRecord({ id: 'working', status: 'running', host_pid: 2, host_started: 'x' }));
    catalogue.insert(runRecord({ id: 'done', status: 'done', host_pid: 1 }));
    const asked: unknown[] = [];
    const marked = catalogue.markInterrupted((pid, started) => {
      asked.push([pid, started]);
      return pid === 2;
    });
    expect(marked.map(({ id }) => id).sort()).toEqual(['gone', 'nobody', 'waiting']);
    expect(asked).toContainEqual([2, 'x']);
    expect(readRecord(folder).status).toBe('interrupted');
    expect(catalogue.get('working').status).toBe('running');
    expect(catalogue.get('done').status).toBe('done');
    expect(catalogue.markInterrupted(() => false).map(({ id }) => id)).toEqual(['working']);
  });

  it('leaves a run alone that finished while its process was looked for', () => {
    const catalogue = emptyCatalogue();
    catalogue.insert(runRecord({ status: 'running' }));
    const marked = catalogue.markInterrupted(() => {
      catalogue.update(runRecord().id, { status: 'done' });
      return false;
    });
    expect(marked).toEqual([]);
    expect(catalogue.get(runRecord().id).status).toBe('done');
  });
});

describe('forget', () => {
  it('leaves the folder listed where it is not committed', () => {
    const catalogue = emptyCatalogue();
    const folder = runFolder();
    catalogue.insert(runRecord({ folder }));
    const undone = () =>
      catalogue.together(() => {
        catalogue.forget(runRecord().id);
        throw new Error('undone');
      });
    expect(undone).toThrow('undone');
    expect(readFolderList(catalogue.path)).toEqual([folder]);
    expect(catalogue.list()).toHaveLength(1);
    catalogue.forget(runRecord().id);
    expect(readFolderList(catalogue.path)).toEqual([]);
  });

  it('removes the row and what hangs on it, not the folder, and is not undone by a rebuild', () => {
    const catalogue = emptyCatalogue();
    const folder = runFolder();
    catalogue.insert(runRecord({ folder, tags: ['a'], parents: ['p'] }));
    expect(readFolderList(catalogue.path)).toEqual([folder]);
    catalogue.forget(runRecord().id);
    expect(catalogue.list()).toEqual([]);
    expect(existsSync(join(folder, 'run.json'))).toBe(true);
    expect(readFolderList(catalogue.path)).toEqual([]);
    const database = openSqlite(catalogue.path, 100);
    expect(database.prepare('SELECT count(*) FROM run_tags').pluck().get()).toBe(0);
    expect(database.prepare('SELECT count(*) FROM run_parents').pluck().get()).toBe(0);
    database.close();
  });
});

describe('rebuild', () => {
  it('takes up runs and the evaluations inside, once', () => {
    const folder = runFolder();
    const evaluation = join(folder, 'evals', 'noise');
    mkdirSync(evaluation, { recursive: true });
    writeRecord(folder, runRecord({ id: 'detector', folder }));
    writeRecord(evaluation, runRecord({ id: 'evaluation', folder: evaluation }));
    const catalogue = emptyCatalogue();
    expect(catalogue.rebuild([folder]).added).toEqual([folder, evaluation]);
    expect(catalogue.rebuild([folder]).added).toEqual([]);
    expect(catalogue.get('evaluation')).toEqual(runRecord({ id: 'evaluation', folder: evaluation }));
    expect(readFolderList(catalogue.path)).toEqual([folder, evaluation]);
  });

  it('knows a run again whose folder was moved', () => {
    const catalogue = emptyCatalogue();
    const moved = runFolder();
    catalogue.insert(runRecord({ notes: 'kept' }));
    writeRecord(moved, runRecord());
    catalogue.rebuild([moved]);
    expect(catalogue.list()).toEqual([runRecord({ notes: 'kept', folder: moved })]);
  });

  it.each([
    ['a process that is there, of which no start is noted', { host_pid: process.pid, host_started: null }],
    ['a process that is there, which began at another time', { host_pid: process.pid, host_started: 'earlier' }],
    ['a process that is gone', { host_pid: 2 ** 22 + 1, host_started: processIdentity().started }],
    ['no process', { host_pid: null, host_started: null }],
  ])('takes up a run as interrupted that goes on in %s', (_, host) => {
    for (const status of ['running', 'queued'] as const) {
      const folder = runFolder();
      writeRecord(folder, runRecord({ id: status, folder, status, ...host }));
      const catalogue = emptyCatalogue();
      catalogue.rebuild([folder]);
      expect(catalogue.get(status)).toMatchObject({ status: 'interrupted', error: { code: 'crashed' } });
      expect(readRecord(folder)).toEqual(catalogue.get(status));
      catalogue.close();
    }
  });

  it('takes up a run as it is that a process of ours does', () => {
    const folder = runFolder();
    const { pid, started } = processIdentity();
    const record = runRecord({ folder, status: 'running', host_pid: pid, host_started: started });
    writeRecord(folder, record);
    const catalogue = emptyCatalogue();
    catalogue.rebuild([folder]);
    expect(catalogue.list()).toEqual([record]);
  });

  it('skips a run that is listed with another folder, which is said, and passes over one that is listed with this one', () => {
    const catalogue = emptyCatalogue();
    const [folder, copy, link] = [runFolder(), runFolder(), join(temporaryFolder(), 'link')];
    for (const path of [folder, copy]) writeRecord(path, runRecord());
    expect(catalogue.rebuild([folder]).added).toEqual([folder]);
    const reason = `Its run is listed already, with the folder "${folder}". To list it with this one, move the other elsewhere first.`; // prettier-ignore
    expect(catalogue.rebuild([copy])).toEqual({
      added: [],
      skipped: [{ folder: copy, reason, listedId: runRecord().id }],
    });
    symlinkSync(folder, link, 'junction');
    expect(catalogue.rebuild([folder, link])).toEqual({ added: [], skipped: [] });
    expect(catalogue.list()).toEqual([runRecord({ folder })]);
    // What the sentence says is so.
    renameSync(folder, `${folder}-elsewhere`);
    expect(catalogue.rebuild([copy])).toEqual({ added: [], skipped: [] });
    expect(catalogue.list()).toEqual([runRecord({ folder: copy })]);
  });

  it('skips what is damaged or missing with the reason', () => {
    const [damaged, newer, missing] = [runFolder(), runFolder(), join(temporaryFolder(), 'missing')];
    writeFileSync(join(damaged, 'run.json'), '{"format":1,"id":"x"');
    writeFileSync(join(newer, 'run.json'), '{"format":2}');
    const { added, skipped } = emptyCatalogue().rebuild([damaged, newer, missing]);
    expect(added).toEqual([]);
    expect(skipped.map(({ folder }) => folder)).toEqual([damaged, newer, missing]);
    expect(skipped[1]!.reason).toContain('newer version');
  });
});

describe('health', () => {
  it('says where the catalogue is and that it is sound', () => {
    const catalogue = emptyCatalogue();
    catalogue.insert(runRecord());
    const health = catalogue.health();
    expect(health).toMatchObject({
      path: catalogue.path,
      schemaVersion: latestSchemaVersion,
      runs: 1,
      quickCheck: 'ok',
    });
    expect(health.bytes).toBeGreaterThan(1000);
  });
});

describe('migrations', () => {
  it('are numbered without a gap', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });

  it('bring a file of schema version 1 to the latest and keep its rows', () => {
    const file = join(temporaryFolder(), 'catalogue.sqlite');
    copyFileSync(fixturePath('catalogue-1.sqlite'), file);
    const before = openSqlite(file, 100);
    expect(before.pragma('user_version', { simple: true })).toBe(1);
    before.close();
    const old = JSON.parse(new TextDecoder().decode(fixture('catalogue-1.json'))) as object[];
    const expected = old.map((record) =>
      runRecordSchema.parse({ ...record, tags: [], notes: '', pinned: false, archived: false }),
    );
    const catalogue = opened(file);
    expect(catalogue.list()).toEqual(expected.reverse());
    expect(catalogue.health()).toMatchObject({ schemaVersion: latestSchemaVersion, quickCheck: 'ok' });
    expect(catalogue.update(expected[0]!.id, { tags: ['old'], pinned: true }).tags).toEqual(['old']);
  });

  it('give the same schema whether taken one by one or at once', () => {
    const folder = temporaryFolder();
    const schema = (name: string, targets: number[]) => {
      const database = openSqlite(join(folder, name), 100);
      for (const target of targets) migrate(database, target);
      const rows = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
      database.close();
      return rows;
    };
    expect(
      schema(
        'a',
        migrations.map(({ version }) => version),
      ),
    ).toEqual(schema('b', [latestSchemaVersion]));
  });

  it('find a new catalogue sound while another process creates it', () => {
    const file = join(temporaryFolder(), 'catalogue.sqlite');
    const [here, there] = [openSqlite(file, 100), openSqlite(file, 100)];
    onTestFinished(() => [here, there].forEach((database) => database.close()));
    there.pragma('journal_mode = WAL');
    const pragma = here.pragma.bind(here);
    vi.spyOn(here, 'pragma').mockImplementationOnce((...asked) => {
      const version = pragma(...asked);
      migrate(there);
      return version;
    });
    expect(checkSchema(here)).toBe(0);
    expect(checkSchema(here)).toBe(latestSchemaVersion);
  });

  it('are undone as a whole where one fails', () => {
    const file = join(temporaryFolder(), 'catalogue.sqlite');
    copyFileSync(fixturePath('catalogue-1.sqlite'), file);
    const database = openSqlite(file, 100);
    onTestFinished(() => void database.close());
    // The second step's last statement will find its table there already.
    database.exec('CREATE TABLE run_tags (x)');
    expect(() => migrate(database)).toThrow('run_tags');
    expect(database.pragma('user_version', { simple: true })).toBe(1);
    const names = database.pragma('table_info(runs)') as { name: string }[];
    expect(names.map(({ name }) => name)).not.toContain('notes');
  });
});

describe('several processes', () => {
  it('open a new catalogue at once and write into it without loss', async () => {
    const file = join(temporaryFolder(), 'home', 'catalogue.sqlite');
    const script = `
      import { openCatalogue } from 'STORAGE/open-catalogue.ts';
      const [who, file, record] = process.argv.slice(1);
      const catalogue = openCatalogue(file);
      for (let i = 0; i < 15; i++) {
        catalogue.insert({ ...JSON.parse(record), id: who + '-' + i });
        catalogue.update(who + '-' + i, { notes: 'done' });
      }
      catalogue.close();`;
    await Promise.all(
      ['a', 'b', 'c'].map((who) => outputOf(startChild(script, [who, file, JSON.stringify(runRecord())]))),
    );
    const runs = opened(file).list();
    expect(runs).toHaveLength(45);
    expect(runs.every(({ notes }) => notes === 'done')).toBe(true);
  });

  it('that were killed leave their run interrupted, and the others alone', async () => {
    const file = join(temporaryFolder(), 'catalogue.sqlite');
    const folder = runFolder();
    const script = `
      import { openCatalogue } from 'STORAGE/open-catalogue.ts';
      import { processIdentity } from 'STORAGE/process-identity.ts';
      const [file, record] = process.argv.slice(1);
      const { pid, started } = processIdentity();
      openCatalogue(file).insert({ ...JSON.parse(record), host_pid: pid, host_started: started });
      console.log('inserted');
      setInterval(() => {}, 1000);`;
    const child = startChild(script, [file, JSON.stringify(runRecord({ status: 'running', folder }))]);
    await firstOutputOf(child);
    const catalogue = opened(file);
    const { pid, started } = processIdentity();
    catalogue.insert(runRecord({ id: 'ours', status: 'running', host_pid: pid, host_started: started }));
    expect(catalogue.markInterrupted(isProcessAlive)).toEqual([]);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(catalogue.markInterrupted(isProcessAlive).map(({ id }) => id)).toEqual([runRecord().id]);
    expect(readRecord(folder)).toMatchObject({ status: 'interrupted', error: { code: 'crashed' } });
  });
});

describe('run ids', () => {
  it('are all different, however many runs are asked for at once', () => {
    const now = new Date();
    expect(new Set(Array.from({ length: 5000 }, () => newRunId(now))).size).toBe(5000);
  });

  it('sort by time and are valid', () => {
    const early = newRunId(new Date('2026-11-23T20:33:11.900Z'));
    const late = newRunId(new Date('2026-11-23T20:33:12.000Z'));
    expect(early).toMatch(/^20261123-203311-[2-9a-z]{4}$/);
    expect(early < late).toBe(true);
    expect(runRecordSchema.parse(runRecord({ id: early })).id).toBe(early);
  });
});
