import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchFile } from '../../shared/fetch-file.ts';
import { SettingsStore } from '../../main/api/settings.ts';
import { failure, temporaryApplication } from './app-client.ts';

describe('settings', () => {
  it('are kept, and told to whoever depends on them', async () => {
    const { place, application, client } = temporaryApplication();
    const told: number[] = [];
    application.settings.onChange(({ parallelJobs }) => told.push(parallelJobs));
    expect(await client.app.change({ parallelJobs: 3, theme: 'dark' })).toMatchObject({ parallelJobs: 3 });
    expect(told).toEqual([3]);
    expect(new SettingsStore(join(place, 'settings.json')).current()).toEqual(await client.app.settings({}));
    expect((await client.app.resetSettings({})).parallelJobs).toBe(1);
  });

  it('have the views and columns that were chosen; a reset leaves views alone', async () => {
    const { place, client } = temporaryApplication();
    const runViews = [{ name: 'Paper', address: '?filter=tag:paper&group=detector' }];
    await client.app.change({ runViews, runColumns: 'task,auroc:200', savedFilters: ['kind:detector'], theme: 'dark' });
    const kept = new SettingsStore(join(place, 'settings.json')).current();
    expect([kept.runViews, kept.runColumns]).toEqual([runViews, 'task,auroc:200']);
    expect(await client.app.resetSettings({})).toMatchObject({
      runViews,
      runColumns: null,
      savedFilters: ['kind:detector'],
      theme: 'system',
    });
  });

  it('changed elsewhere meanwhile are not undone', async () => {
    const { place, client } = temporaryApplication();
    new SettingsStore(join(place, 'settings.json')).change({ theme: 'light' });
    expect(await client.app.change({ notifications: false })).toMatchObject({ theme: 'light', notifications: false });
  });

  it('that are damaged have their defaults, and the user is told', () => {
    const { place } = temporaryApplication();
    const path = join(place, 'other.json');
    writeFileSync(path, '{"theme": "dark", "parallelJobs": 0, "later": 1}');
    const partly = new SettingsStore(path);
    expect(partly.current()).toMatchObject({ theme: 'dark', parallelJobs: 1 });
    expect(partly.notices.join()).toContain('parallelJobs');
    for (const text of ['{"theme"', '[]', 'null', '7']) {
      writeFileSync(path, text);
      const broken = new SettingsStore(path);
      expect(broken.current().theme).toBe('system');
      expect(broken.notices).toHaveLength(1);
    }
  });

  it('refuse a folder that nothing can be put into', async () => {
    const { place, client } = temporaryApplication();
    writeFileSync(join(place, 'file'), '');
    expect(await failure(client.app.change({ dataDir: join(place, 'file', 'x') }))).toMatchObject({
      code: 'FAILED',
      data: { code: 'storage' },
    });
    expect(await failure(client.app.change({ runsDir: 'runs' }))).toMatchObject({ data: { code: 'usage' } });
    expect((await client.app.settings({})).runsDir).toBe(join(place, 'runs'));
  });
});

describe('the program', () => {
  it('says where it keeps things and what its host can do', async () => {
    const { place, client } = temporaryApplication();
    const info = await client.app.info({});
    expect(info).toMatchObject({ host: 'web', dataDir: join(place, 'data'), notices: [] });
    expect(info.can).toEqual({ openFolder: false, chooseFolder: false, printPdf: false, update: false });
    expect(info.catalogue).toMatchObject({ runs: 0 });
    const { text } = await client.app.diagnostics({});
    expect(text).toContain(process.versions.node);
    expect(text).toMatch(/check +ok/);
    expect(text).toContain(place);
  });

  it('uses what its host can do', async () => {
    const opened: string[] = [];
    const { place, client, application } = temporaryApplication({
      kind: 'electron',
      openFolder: async (path) => void opened.push(path),
      chooseFolder: async (title) => (title === 'none' ? null : '/chosen'),
      printPdf: async (file) => new TextEncoder().encode(`PDF of ${readFileSync(file, 'utf8')}`),
    });
    expect(await failure(client.app.openFolder({ what: 'data' }))).toMatchObject({ data: { code: 'not-found' } });
    // A file in its place would be started by whatever program it belongs to.
    writeFileSync(join(place, 'data'), '');
    expect(await failure(client.app.openFolder({ what: 'data' }))).toMatchObject({ data: { code: 'not-found' } });
    expect(opened).toEqual([]);
    rmSync(join(place, 'data'));
    mkdirSync(join(place, 'data'));
    await client.app.openFolder({ what: 'data' });
    expect(opened).toEqual([join(place, 'data')]);
    expect(await failure(client.app.openFolder({ what: { id: 'nope' } }))).toMatchObject({
      data: { code: 'not-found' },
    });
    expect(await client.app.chooseFolder({ title: 'Where' })).toEqual({ folder: '/chosen' });
    const page = await application.made.make(async (file) => {
      writeFileSync(file, 'a page');
      return { name: 'report.html', type: 'text/html', bytes: 6 };
    });
    const pdf = await fetchFile(client.files, await client.app.printPdf({ id: page.id, name: 'report.pdf' }));
    expect([pdf.name, pdf.type, await pdf.text()]).toEqual(['report.pdf', 'application/pdf', 'PDF of a page']);
  });

  it('keeps its settings as text for people', async () => {
    const { place, client } = temporaryApplication();
    await client.app.change({ theme: 'dark' });
    expect(readFileSync(join(place, 'settings.json'), 'utf8')).toContain('"theme": "dark",\n');
  });
});
