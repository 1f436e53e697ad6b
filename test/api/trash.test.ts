import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../shared/domain/run.ts';
import { trashDays, trashEnd, type TrashItem } from '../../shared/domain/trash.ts';
import { readExperiment } from '../../main/storage/experiment-folder.ts';
import { processIdentity } from '../../main/storage/process-identity.ts';
import { readRecord } from '../../main/storage/run-folder.ts';
import { makeExperiment, makeRun } from '../storage/trash-folders.ts';
import { startApplication, type StartedApplication } from './running-application.ts';

let app: StartedApplication;
beforeEach(() => {
  app = startApplication();
});
afterEach(() => app.stop());

const catalogue = () => app.application.workbench.catalogue;
const service = () => app.application.trash;
const run = (name: string, changes: Partial<RunRecord> = {}) =>
  makeRun(catalogue(), join(app.place, 'runs', name), changes);
const listedIds = () => catalogue().list().map(({ id }) => id).sort(); // prettier-ignore
const failure = (message: string, hint?: string) => ({
  data: { code: 'conflict', message, ...(hint === undefined ? {} : { hint }) },
});

/** Follows the trash until it is as it is waited for. */
async function until(isSo: (items: readonly TrashItem[]) => boolean): Promise<TrashItem[]> {
  const stop = new AbortController();
  for await (const { items } of await app.client.trash.watch({}, { signal: stop.signal })) {
    if (!isSo(items)) continue;
    stop.abort();
    return items;
  }
  throw new Error('The stream has ended.');
}

describe('the trash', () => {
  it('lists what was deleted with its size, which another process counts', async () => {
    const { id, folder } = run('knn');
    writeFileSync(join(folder, 'large.bin'), Buffer.alloc(1_000_000));
    mkdirSync(join(folder, 'scores'));
    writeFileSync(join(folder, 'scores', 'all.npy'), Buffer.alloc(500));
    const others = readdirSync(folder).filter((name) => name.endsWith('.json') || name.endsWith('.cupbearer'));
    await app.client.runs.remove({ ids: [id] });
    const [item] = await until(([first]) => first?.bytes !== null && first !== undefined);
    expect(item).toMatchObject({ what: 'run', folder, runs: [id] });
    expect(item!.bytes).toBeGreaterThan(1_000_500);
    expect(item!.bytes).toBeLessThan(1_000_500 + others.length * 10_000);
  });

  it('is emptied on request, by a process that deletes all of the folders and nothing else', async () => {
    const records = ['a', 'b', 'c'].map((name) => run(name));
    await app.client.runs.remove({ ids: records.map(({ id }) => id) });
    const [first] = service().list();
    await app.client.trash.delete({ ids: [first!.id] });
    await service().idle();
    expect(service().list()).toHaveLength(2);
    await app.client.trash.empty({});
    await service().idle();
    expect([service().list(), readdirSync(join(app.place, 'runs'))]).toEqual([[], []]);
    await app.client.runs.restore({ ids: records.map(({ id }) => id) });
    expect(listedIds()).toEqual([]);
  });

  it('deletes by itself what lies there for 30 days, and not before', async () => {
    const { id } = run('old');
    await app.client.runs.remove({ ids: [id] });
    const [item] = service().list();
    expect(trashEnd(item!) - Date.parse(item!.trashed_at)).toBe(trashDays * 86_400_000);
    expect(service().emptyOld(trashEnd(item!) - 1)).toBe(0);
    expect(service().emptyOld(trashEnd(item!) + 1)).toBe(1);
    await service().idle();
    expect(readdirSync(join(app.place, 'runs'))).toEqual([]);
  });

  it('goes on at the next start with what was being deleted for good', async () => {
    const { id } = run('half');
    await app.client.runs.remove({ ids: [id] });
    await service().idle();
    // As a process leaves it that is killed before it has asked anybody to delete.
    catalogue().trash.begin(service().list()[0]!.id, 'deleting');
    expect(service().list()).toEqual([]);
    const { place } = app;
    await app.stop({ again: true });
    app = startApplication(place);
    await service().idle();
    expect([readdirSync(join(place, 'runs')), catalogue().trash.at('deleting')]).toEqual([[], []]);
  });

  it('does not delete a folder that a changed catalogue names', async () => {
    const { id, folder } = run('knn');
    const other = run('other');
    await app.client.runs.remove({ ids: [id] });
    const entry = service().named([id])[0]!;
    catalogue().trash.rebase(dirname(entry.place!), app.place);
    renameSync(entry.place!, folder);
    const place = join(app.place, basename(entry.place!));
    // The place is a link out of the trash; what it leads to stays.
    symlinkSync(other.folder, place);
    await app.client.trash.empty({});
    await service().idle();
    expect([existsSync(place), existsSync(join(other.folder, 'run.json'))]).toEqual([false, true]);
  });

  it('says how many runs build on what is deleted, and keeps them', async () => {
    const model = run('model');
    const child = run('child', { kind: 'detector', parents: [model.id] });
    expect(await app.client.runs.remove({ ids: [model.id] })).toEqual({ ids: [model.id], needed: 1 });
    expect(listedIds()).toEqual([child.id]);
  });

  it('takes up what an earlier version had put aside when it was killed', async () => {
    const { id, folder } = run('aside');
    const hidden = join(dirname(folder), `.cupbearer-removed-${id}`);
    renameSync(folder, hidden);
    catalogue().forget(id);
    const { place } = app;
    await app.stop({ again: true });
    const list = join(place, 'home', 'removed.json');
    writeFileSync(list, JSON.stringify([{ folder, hidden, pid: 99_999_999, started: 'boot:1' }]));
    app = startApplication(place);
    expect(service().list()).toMatchObject([{ name: 'aside', folder, runs: [id] }]);
    expect(existsSync(list)).toBe(false);
    await app.client.runs.restore({ ids: [id] });
    expect(catalogue().get(id).folder).toBe(folder);
  });
});

describe('an experiment that is deleted', () => {
  it('leaves cells that another experiment uses, with what these build on, and comes back whole', async () => {
    const folder = join(app.place, 'experiments', 'first');
    const model = makeRun(catalogue(), join(folder, 'classifiers', 'corner'));
    const shared = makeRun(catalogue(), join(folder, 'corner', 'knn'), { kind: 'detector', parents: [model.id] });
    const own = makeRun(catalogue(), join(folder, 'corner', 'que'), { kind: 'detector', parents: [model.id] });
    const first = makeExperiment(catalogue(), folder, 'First', [
      { key: 'model', run: model },
      { key: 'knn', run: shared },
      { key: 'que', run: own },
    ]);
    const second = makeExperiment(catalogue(), join(app.place, 'experiments', 'second'), 'Second', [
      { key: 'knn', run: shared },
    ]);
    const removed = await app.client.experiments.remove({ id: first.id });
    expect(removed).toMatchObject({ name: 'First', runs: 1, kept: 2 });
    expect(listedIds()).toEqual([model.id, shared.id].sort());
    for (const { id } of [model, shared]) expect(existsSync(join(catalogue().get(id).folder, 'run.json'))).toBe(true);
    expect(catalogue().experiments.runsOf(second.id).get('knn')).toBe(shared.id);
    expect(catalogue().experiments.doneRunsWith('knn')).toEqual([shared.id]);

    const { restored } = await app.client.trash.restore({ ids: [removed.trash!] });
    expect(restored).toEqual([{ name: 'First', folder, isBeside: false, renamed: null }]);
    expect(catalogue().experiments.runsOf(first.id)).toEqual(
      new Map([
        ['model', model.id],
        ['knn', shared.id],
        ['que', own.id],
      ]),
    );
    expect(catalogue().get(own.id).folder).toBe(own.folder);
  });

  it('is refused while a process works on it, or a run in it goes on', async () => {
    const folder = join(app.place, 'first');
    const going = makeRun(catalogue(), join(folder, 'going'));
    const { id } = makeExperiment(catalogue(), folder, 'First', [{ key: 'a', run: going }]);
    const { pid, started } = processIdentity();
    catalogue().experiments.claim(id, { pid, started }, () => false);
    await expect(app.client.experiments.remove({ id })).rejects.toMatchObject(
      failure('The experiment "First" goes on; stop it first.'),
    );
    catalogue().experiments.release(id);
    catalogue().update(going.id, { status: 'running', host_pid: pid, host_started: started });
    await expect(app.client.experiments.remove({ id })).rejects.toMatchObject(
      failure(`The run ${going.id} is running.`),
    );
    expect(existsSync(join(folder, 'experiment.json'))).toBe(true);
  });

  it('whose folder is gone is only taken off the list', async () => {
    const folder = join(app.place, 'first');
    const { id } = makeExperiment(catalogue(), folder, 'First');
    renameSync(folder, `${folder}-elsewhere`);
    expect(await app.client.experiments.remove({ id })).toEqual({ name: 'First', trash: null, runs: 0, kept: 0 });
    expect([catalogue().experiments.list(), service().list()]).toEqual([[], []]);
  });
});

describe('a lock', () => {
  it('of a run refuses to delete it and what holds it, and is in its folder', async () => {
    const [locked, other] = [run('locked'), run('other')];
    const inside = makeRun(catalogue(), join(other.folder, 'evals', 'noise'), { kind: 'evaluation' });
    await app.client.runs.change({ ids: [locked.id, inside.id], locked: true });
    expect(readRecord(locked.folder).locked).toBe(true);
    await expect(app.client.runs.remove({ ids: [other.id, locked.id] })).rejects.toMatchObject(
      failure(
        `The run ${locked.id} is locked.`,
        'Nothing was deleted. "Unlock" in the menu of a run takes the lock off.',
      ),
    );
    await expect(app.client.runs.remove({ ids: [other.id] })).rejects.toMatchObject(
      failure(`The run ${inside.id} is locked.`),
    );
    expect(listedIds()).toEqual([locked.id, other.id, inside.id].sort());
    await app.client.runs.change({ ids: [locked.id, inside.id], locked: false });
    expect(app.application.summaries.get(locked.id).locked).toBe(false);
    await app.client.runs.remove({ ids: [other.id, locked.id] });
    expect(listedIds()).toEqual([]);
  });

  it('of an experiment protects it and the runs in its cells, wherever they are', async () => {
    const cell = run('cell');
    const folder = join(app.place, 'first');
    const { id } = makeExperiment(catalogue(), folder, 'First', [{ key: 'a', run: cell }]);
    await app.client.experiments.lock({ id, locked: true });
    expect(readExperiment(folder).locked).toBe(true);
    expect(app.application.experiments.summary(id).locked).toBe(true);
    await expect(app.client.experiments.remove({ id })).rejects.toMatchObject(
      failure('The experiment "First" is locked.'),
    );
    await expect(app.client.runs.remove({ ids: [cell.id] })).rejects.toMatchObject(
      failure(
        `The run ${cell.id} belongs to the experiment "First", which is locked.`,
        'Nothing was deleted. "Unlock" in the menu of the experiment takes the lock off.',
      ),
    );
    await app.client.experiments.lock({ id, locked: false });
    await app.client.runs.remove({ ids: [cell.id] });
    await app.client.experiments.remove({ id });
    expect([listedIds(), catalogue().experiments.list()]).toEqual([[], []]);
  });

  it('of a run in an experiment keeps all of that from being deleted', async () => {
    const folder = join(app.place, 'first');
    const cell = makeRun(catalogue(), join(folder, 'cell'));
    const { id } = makeExperiment(catalogue(), folder, 'First', [{ key: 'a', run: cell }]);
    await app.client.runs.change({ ids: [cell.id], locked: true });
    await expect(app.client.experiments.remove({ id })).rejects.toMatchObject(failure(`The run ${cell.id} is locked.`));
    expect(existsSync(join(folder, 'experiment.json'))).toBe(true);
  });

  it('outlasts a lost catalogue', async () => {
    const { id } = run('locked');
    const folder = join(app.place, 'first');
    makeExperiment(catalogue(), folder, 'First');
    await app.client.runs.change({ ids: [id], locked: true });
    await app.client.experiments.lock({ id: catalogue().experiments.get('First').id, locked: true });
    const { place } = app;
    await app.stop({ again: true });
    for (const end of ['', '-wal', '-shm']) rmSync(join(place, 'home', `catalogue.sqlite${end}`), { force: true });
    app = startApplication(place);
    expect([catalogue().get(id).locked, catalogue().experiments.get('First').locked]).toEqual([true, true]);
  });
});
