import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Marking } from '../../main/api/runs/marking.ts';
import { FolderFollower } from '../../main/api/runs/folder-follower.ts';
import { processIdentity } from '../../main/storage/process-identity.ts';
import { readRecord, writeSpec } from '../../main/storage/run-folder.ts';
import { runRecord, specFile } from '../storage/run-records.ts';
import { smallTraining, startApplication, type StartedApplication } from './running-application.ts';
import { enqueueOn } from './run-on.ts';

let app: StartedApplication;
beforeEach(async () => {
  app = startApplication();
  // What it looks at when it starts.
  await app.application.follower.idle();
});
afterEach(() => app.stop());

const catalogue = () => app.application.workbench.catalogue;

/** Calls `look` again and again, as often as the program answers others while the call goes on. */
async function meanwhile<T>(call: Promise<T>, look: () => void): Promise<T> {
  let isOver = false;
  const again = () => {
    if (isOver) return;
    look();
    setImmediate(again);
  };
  setImmediate(again);
  try {
    return await call;
  } finally {
    isOver = true;
  }
}

describe('many runs at once', () => {
  const many = 70;
  let ids: string[];
  let folders: string[];

  beforeEach(() => {
    folders = Array.from({ length: many }, (_, k) => join(app.place, 'many', `run-${String(k).padStart(3, '0')}`));
    ids = folders.map((folder, k) => {
      const record = runRecord({ id: `20261101-000001-${String(k).padStart(4, '0')}`, folder });
      mkdirSync(folder, { recursive: true });
      writeSpec(folder, specFile());
      catalogue().insert(record);
      return record.id;
    });
  });

  const listed = () => catalogue().list().length;

  it('are removed and restored in parts, and other calls are answered in between', async () => {
    const seen: number[] = [];
    const gone = await meanwhile(app.client.runs.remove({ ids }), () => seen.push(listed()));
    expect(gone.ids.toSorted()).toEqual(ids);
    expect(seen.filter((count) => count > 0 && count < many).length).toBeGreaterThan(2);
    expect([listed(), folders.filter((folder) => existsSync(folder))]).toEqual([0, []]);

    seen.length = 0;
    await meanwhile(app.client.runs.restore({ ids }), () => seen.push(listed()));
    expect(seen.filter((count) => count > 0 && count < many).length).toBeGreaterThan(2);
    expect([listed(), folders.filter((folder) => existsSync(folder))]).toEqual([many, folders]);
    // Nothing is left of them in the trash, nor on its list.
    expect(app.application.trash.list()).toEqual([]);
    expect(existsSync(join(app.place, 'home', 'trash.jsonl'))).toBe(false);
  });

  it('are all kept where one is unknown or goes on', async () => {
    await expect(app.client.runs.remove({ ids: [...ids, 'nobody'] })).rejects.toMatchObject({
      data: { code: 'not-found' },
    });
    const { pid, started } = processIdentity();
    catalogue().update(ids.at(-1), { status: 'running', host_pid: pid, host_started: started });
    await expect(app.client.runs.remove({ ids })).rejects.toMatchObject({
      data: { code: 'conflict', message: `The run ${ids.at(-1)} is running.` },
    });
    expect(listed()).toBe(many);
  });

  it('are all back where one begins meanwhile that needs one of them', async () => {
    const { pid, started } = processIdentity();
    const counts: number[] = [];
    const call = meanwhile(app.client.runs.remove({ ids }), () => {
      counts.push(listed());
      if (counts.at(-1) === many || catalogue().find('20261101-000001-user')) return;
      const parents = [ids.at(-1)];
      const folder = join(app.place, 'user');
      const going = { status: 'running', host_pid: pid, host_started: started } as const;
      catalogue().insert(runRecord({ id: '20261101-000001-user', folder, parents, ...going }));
    });
    await expect(call).rejects.toMatchObject({
      data: { code: 'conflict', message: `The run 20261101-000001-user is running and needs the run ${ids.at(-1)}.` },
    });
    expect(Math.min(...counts)).toBeLessThan(many);
    expect(listed()).toBe(many + 1);
    expect(folders.filter((folder) => existsSync(folder))).toEqual(folders);
  });

  it('are removed but for those that somebody else has removed meanwhile', async () => {
    let isForgotten = false;
    const last = ids.at(-1);
    const gone = await meanwhile(app.client.runs.remove({ ids }), () => {
      if (isForgotten || listed() === many) return;
      catalogue().forget(last);
      isForgotten = true;
    });
    expect([isForgotten, gone.ids.toSorted()]).toEqual([true, ids.slice(0, -1)]);
    await app.client.runs.restore({ ids });
    expect(listed()).toBe(many - 1);
  });

  const tagged = () => catalogue().list().filter(({ tags }) => tags.includes('seen')).length; // prettier-ignore
  const inFolders = () => folders.filter((folder) => readRecord(folder).tags.includes('seen')).length;

  it('are marked all at once, and their folders follow while other calls are answered', async () => {
    const seen: number[] = [];
    await meanwhile(app.client.runs.change({ ids, addTags: ['seen'], pinned: true }), () => seen.push(tagged()));
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((count) => count === 0 || count === many)).toBe(true);
    expect(tagged()).toBe(many);
    const followed: number[] = [];
    await meanwhile(app.application.follower.idle(), () => followed.push(inFolders()));
    expect(followed.filter((count) => count > 0 && count < many).length).toBeGreaterThan(5);
    expect(inFolders()).toBe(many);
    expect(readRecord(folders[0]!).pinned).toBe(true);
  });

  it('are marked in the order in which that was asked for, whatever their number', async () => {
    const { change } = app.client.runs;
    await Promise.all([
      change({ ids, addTags: ['seen'] }),
      change({ ids: ids.slice(0, 2), removeTags: ['seen'] }),
      change({ ids: [...ids, 'nobody'], removeTags: ['seen'] }).catch(() => undefined),
      change({ ids: ids.slice(0, 1), addTags: ['seen'] }),
    ]);
    expect(tagged()).toBe(many - 1);
    await app.application.follower.idle();
    expect(inFolders()).toBe(many - 1);
  });

  it('are marked where no thread can be started', async () => {
    const noThread = () => Promise.reject(new Error('no memory'));
    await new Marking(catalogue(), app.application.follower, noThread).mark(ids, { addTags: ['seen'] });
    expect(tagged()).toBe(many);
  });

  it('are all left as they are where one is not known', async () => {
    await expect(app.client.runs.change({ ids: [...ids, 'nobody'], addTags: ['seen'] })).rejects.toMatchObject({
      data: { code: 'not-found' },
    });
    await app.application.follower.idle();
    expect([tagged(), inFolders()]).toEqual([0, 0]);
  });

  it('are marked where their folders cannot be written to, and one notice says so', async () => {
    for (const folder of folders.slice(0, 30)) {
      rmSync(join(folder, 'run.json'));
      mkdirSync(join(folder, 'run.json', 'in-the-way'), { recursive: true });
    }
    const before = catalogue().notices.length;
    await app.client.runs.change({ ids, addTags: ['seen'] });
    await app.application.follower.idle();
    expect(tagged()).toBe(many);
    const notices = catalogue().notices.slice(before);
    expect(notices).toEqual([
      expect.stringMatching(
        /^The run .* was changed in the catalogue, but not in its folder\. .* So were 29 other runs\.$/s,
      ),
    ]);
    expect(folders.slice(30).every((folder) => readRecord(folder).tags.includes('seen'))).toBe(true);
  });

  it('have the rest of their folders written by the next program after this one has ended', async () => {
    await app.client.runs.change({ ids, addTags: ['seen'] });
    await app.application.follower.close();
    expect(inFolders()).toBeLessThan(many);
    const next = new FolderFollower(catalogue());
    next.follow();
    await next.idle();
    expect(inFolders()).toBe(many);
  });

  it('are restored but for one that was taken up again meanwhile', async () => {
    const { ids: gone } = await app.client.runs.remove({ ids });
    catalogue().insert(runRecord({ id: ids.at(-1), folder: join(app.place, 'elsewhere') }));
    await app.client.runs.restore({ ids: gone });
    expect(listed()).toBe(many);
    expect(catalogue().get(ids.at(-1)).folder).toBe(join(app.place, 'elsewhere'));
  });
});

describe('many runs that wait', () => {
  const many = 50;
  const enqueue = () => {
    const params = { ...smallTraining, num_epochs: 100_000 };
    const requests = Array.from({ length: many }, () => ({ experiment: 'train-classifier', params }));
    return enqueueOn(app.application.queued, requests).map(({ id }) => id);
  };

  it('are cancelled in parts, other calls are answered in between, and none of them begins', async () => {
    const ids = enqueue();
    const seen: number[] = [];
    await meanwhile(app.client.runs.cancel({ ids }), () => seen.push(app.application.queued.live.length));
    await Promise.all(ids.map((id) => app.application.queued.ended(id)));
    expect(seen.filter((count) => count > 1 && count < many).length).toBeGreaterThan(1);
    const records = ids.map((id) => catalogue().get(id));
    expect(new Set(records.map(({ status }) => status))).toEqual(new Set(['cancelled']));
    expect(records.slice(1).filter(({ started_at: started }) => started !== null)).toEqual([]);
  });

  it('go on waiting where one of those to be cancelled is unknown', async () => {
    const ids = enqueue();
    await expect(app.client.runs.cancel({ ids: [...ids, 'nobody'] })).rejects.toMatchObject({
      data: { code: 'not-found' },
    });
    expect(app.application.queued.live.map(({ id }) => id)).toEqual(ids);
    await app.client.runs.cancel({ ids });
    await Promise.all(ids.map((id) => app.application.queued.ended(id)));
  });
});
