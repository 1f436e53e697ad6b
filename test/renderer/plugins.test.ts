import { describe, expect, it } from 'vitest';
import type { PluginSummary } from '../../shared/domain/plugin.ts';
import { lineChanges } from '../../renderer/screens/plugins/line-changes.ts';
import { countWords, pluginGroups } from '../../renderer/screens/plugins/plugin-groups.ts';
import {
  addsWords,
  checksWords,
  dependingWords,
  environmentNote,
  environmentWords,
  hashWords,
  sizeWords,
  standingWords,
  stateNote,
  stateWords,
} from '../../renderer/screens/plugins/plugin-words.ts';

const hash = '7be190c452fa0d38e6b71c9fa20483dd5f602be9c77148a390fe16d5b80ce342';

const plugin = (more: Partial<PluginSummary> = {}): PluginSummary => ({
  id: 'quirk-probes',
  title: 'quirk-probes',
  version: '0.4.0',
  language: 'python',
  folder: '/home/me/quirk-probes',
  state: 'ready',
  hash,
  files: 6,
  bytes: 14_200,
  adds: [{ kind: 'detector', id: 'quirk-lda' }],
  isDevelopment: false,
  isEnabled: true,
  waitingRuns: 0,
  ...more,
});
const allowed = (version: string, changedFiles = 3, other = hash.replace('7', '8')) => ({
  hash: other,
  version,
  at: '2026-11-04T12:00:00Z',
  changedFiles,
});
const environment = {
  python: '/opt/conda/envs/probes/bin/python',
  title: 'conda: probes',
  version: '3.12.4',
  numpy: '2.4.1',
  missing: [],
};

describe('the groups of the list', () => {
  it('come in order, those that need someone first', () => {
    const list = [
      plugin({ id: 'off', title: 'off', state: 'off' }),
      plugin({ id: 'on', title: 'on' }),
      plugin({ id: 'own', title: 'own', isDevelopment: true }),
      plugin({ id: 'wrong', title: 'wrong', isDevelopment: true, state: 'error' }),
      plugin({ id: 'new', title: 'new', state: 'ask' }),
      plugin({ id: 'gone', title: 'gone', state: 'gone' }),
      plugin({ id: 'looked-at', title: 'looked-at', isDevelopment: true, state: 'checking' }),
    ];
    const groups = pluginGroups(list).map(({ id, plugins }) => [id, plugins.map((each) => each.id)]);
    expect(groups).toEqual([
      ['needs-you', ['new', 'wrong', 'gone']],
      ['development', ['looked-at', 'own']],
      ['on', ['on']],
      ['off', ['off']],
    ]);
    expect(countWords(list)).toBe('3 on, 3 watched, 1 to allow, 1 with an error');
  });

  it('are none without plugins', () => {
    expect(pluginGroups([])).toEqual([]);
    expect(countWords([])).toBe('');
  });
});

describe('the words for a plugin', () => {
  it('say what it adds', () => {
    expect(addsWords(plugin())).toBe('Detector');
    const both = plugin({
      adds: [
        { kind: 'detector', id: 'a' },
        { kind: 'task', id: 'b' },
      ],
    });
    expect(addsWords(both)).toBe('Detector, task');
    const many = Array.from({ length: 60 }, (_, i) => ({ kind: 'detector' as const, id: `d${i}` }));
    expect(addsWords(plugin({ adds: many }))).toBe('60 detectors');
  });

  it('say how it stands', () => {
    expect(stateWords(plugin({ isDevelopment: true }))).toBe('Watched');
    expect(stateWords(plugin())).toBe('Ready');
    expect(stateNote(plugin({ state: 'ask' }))).toBe('new');
    expect(stateNote(plugin({ state: 'ask', allowed: allowed('0.3.2') }))).toBe('new version');
    expect(stateNote(plugin({ state: 'ask', allowed: allowed('0.4.0') }))).toBe('changed');
    expect(standingWords(plugin())).toBe('Nothing of it has run yet.');
    expect(standingWords(plugin({ allowed: allowed('0.3.2') }))).toBe(
      'You allowed 0.3.2 on 4 November; 3 files have changed since.',
    );
    expect(standingWords(plugin({ allowed: allowed('0.3.2', 1) }))).toMatch(/1 file has changed since\.$/);
    expect(standingWords(plugin({ allowed: allowed('0.4.0', 0, hash) }))).toBe('You allowed 0.4.0 on 4 November.');
  });

  it('say what it is made of and where it runs', () => {
    expect(sizeWords(plugin({ commit: '41d7e0a5' }))).toMatch(/^6 files, 14.2\skB; Git commit 41d7e0a$/);
    expect(hashWords(hash).split(' ')).toHaveLength(16);
    expect(environmentWords(plugin({ state: 'ask' }))).toBe('chosen when allowed');
    expect(environmentWords(plugin({ environment }))).toBe('conda: probes, Python 3.12');
    expect(environmentWords(plugin({ language: 'typescript' }))).toBe('built in');
    expect(environmentNote(environment)).toBe('Has numpy 2.4.');
    expect(environmentNote({ ...environment, missing: ['pyod'] })).toBe('Has numpy 2.4, lacks pyod.');
  });

  it('say what its checks found and what waits for it', () => {
    const checks = [true, true, false].map((passed, i) => ({ name: `check ${i}`, definition: 'd', passed }));
    expect(checksWords(plugin({ checks, checkSeconds: 1.84 }))).toBe('2 of 3 checks pass in 1.8\u00a0s');
    expect(dependingWords(plugin({ allowed: allowed('0.3.2'), waitingRuns: 2 }))).toBe(
      'Runs made with 0.3.2 stay as they are; 2 queued runs wait.',
    );
    expect(dependingWords(plugin())).toBe('');
  });
});

describe('the changes between two texts', () => {
  const words = (a: string, b: string) => lineChanges(a, b).map(({ sign, text }) => `${sign}${text}`);

  it('are lines that are gone and lines that are new, between those that both have', () => {
    expect(words('a\nb\nc\n', 'a\nx\nc\n')).toEqual([' a', '-b', '+x', ' c']);
    expect(words('a\nb\nc\nd', 'b\nd\ne')).toEqual(['-a', ' b', '-c', ' d', '+e']);
    expect(words('', 'a\nb\n')).toEqual(['+a', '+b']);
    expect(words('a\n', '')).toEqual(['-a']);
    expect(words('a', 'a')).toEqual([' a']);
  });

  it('give back both texts', () => {
    const a = 'one\ntwo\nthree\nfour\nfive';
    const b = 'zero\none\nthree\nthree\nfive\nsix';
    const lines = lineChanges(a, b);
    const side = (without: string) => lines.flatMap(({ sign, text }) => (sign === without ? [] : [text])).join('\n');
    expect([side('+'), side('-')]).toEqual([a, b]);
  });
});
