import { afterEach, describe, expect, it, vi } from 'vitest';
import { definitions } from '../../renderer/app/definitions.svelte.ts';
import { settings } from '../../renderer/app/settings.svelte.ts';
import { adoptOldChoices, lastColumns, rememberColumns } from '../../renderer/screens/runs/kept-choices.ts';
import { settingsSchema, type AppInfo, type Settings } from '../../shared/domain/settings.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { answerWith } from './fake-program.ts';

const info: AppInfo = {
  version: '1',
  versions: {},
  host: 'electron',
  platform: 'linux',
  home: '/home',
  dataDir: '/data',
  runsDir: '/runs',
  catalogue: { path: '', runs: 0, bytes: 0 },
  can: { openFolder: true, chooseFolder: true, printPdf: true, update: false },
  notices: [],
};

/** A program that keeps its settings. */
function programWith(kept: Partial<Settings>) {
  let stored = settingsSchema.parse(kept);
  return {
    app: {
      settings: () => stored,
      info: () => info,
      change: (changes: Partial<Settings>) => (stored = { ...stored, ...changes }),
      resetSettings: () => (stored = settingsSchema.parse({})),
    },
  };
}
const theme = () => document.documentElement.dataset['theme'];

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

describe('the settings', () => {
  it('show a theme at once, and take it back where it could not be kept', async () => {
    answerWith(programWith({ theme: 'light' }));
    await settings.load();
    expect([theme(), localStorage.getItem('cupbearer:theme')]).toEqual(['light', 'light']);
    const refused = Promise.withResolvers<Settings>();
    answerWith({ app: { change: () => refused.promise } });
    const changed = settings.change({ theme: 'dark' });
    expect(theme()).toBe('dark');
    refused.reject(new CupbearerError('storage', 'The disk is full.'));
    await expect(changed).rejects.toThrow('The disk is full.');
    expect([theme(), settings.value?.theme]).toEqual(['light', 'light']);
  });

  it('leave the theme to the system when that is chosen', async () => {
    answerWith(programWith({ theme: 'dark' }));
    await settings.load();
    await settings.change({ theme: 'system' });
    expect(theme()).toBeUndefined();
  });

  it('are changed from what they are now, which another window may have changed', async () => {
    answerWith(programWith({ savedFilters: ['a'] }));
    await settings.load();
    answerWith(programWith({ savedFilters: ['a', 'b'] }));
    await settings.change(({ savedFilters }) => ({ savedFilters: ['c', ...savedFilters] }));
    expect(settings.value?.savedFilters).toEqual(['c', 'a', 'b']);
    await settings.reset();
    expect(settings.value?.savedFilters).toEqual([]);
  });
});

describe('what this window keeps of the Runs table', () => {
  it('is the columns of the last time, whatever else is stored in their place', () => {
    expect(lastColumns()).toBeNull();
    rememberColumns(settingsSchema.parse({ runColumns: 'task,auroc:200' }));
    expect(lastColumns()).toBe('task,auroc:200');
    localStorage.setItem('cupbearer:run-columns', '{"seed": true}');
    expect(lastColumns()).toBeNull();
    localStorage.setItem('cupbearer:run-columns', 'not JSON');
    expect(lastColumns()).toBeNull();
  });

  it('moves from the browser into the settings, and is forgotten only once it is there', async () => {
    localStorage.setItem('cupbearer:filters', '["tag:paper"]');
    answerWith({ app: { settings: () => Promise.reject(new CupbearerError('storage', 'No.')) } });
    await expect(adoptOldChoices()).rejects.toThrow('No.');
    expect(localStorage.getItem('cupbearer:filters')).not.toBeNull();
    answerWith(programWith({}));
    await adoptOldChoices();
    expect(settings.value?.runViews).toEqual([{ name: 'tag:paper', address: '?filter=tag:paper' }]);
    expect(localStorage.getItem('cupbearer:filters')).toBeNull();
    const asked = answerWith({});
    await adoptOldChoices();
    expect(asked).toEqual([]);
  });
});

describe('the definitions', () => {
  it('are asked for once, and again only after they could not be had', async () => {
    answerWith({ drafts: { definitions: () => Promise.reject(new CupbearerError('crashed', 'Lost.')) } });
    await expect(definitions.load()).rejects.toThrow('Lost.');
    expect([definitions.of('detector'), definitions.titleOf('detector', 'knn')]).toEqual([[], 'knn']);
    const knn = { id: 'knn', title: 'Nearest neighbours', summary: '', fields: [] };
    const asked = answerWith({
      drafts: { definitions: () => [{ kind: 'detector', title: 'Detector', definitions: [knn] }] },
    });
    await Promise.all([definitions.load(), definitions.load()]);
    await definitions.load();
    expect(asked).toEqual(['drafts.definitions']);
    expect(definitions.titleOf('detector', 'knn')).toBe('Nearest neighbours');
  });
});
