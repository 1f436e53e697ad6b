import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFolder } from '../../main/plugins/checks/check-folder.ts';
import { createPlugin } from '../../main/plugins/new-plugin.ts';
import type { PluginKind } from '../../shared/plugin/manifest.ts';

let place: string;
const home = process.env['CUPBEARER_HOME'];
// Node reads no TypeScript below node_modules, where the home of the tests is.
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-new-'));
  process.env['CUPBEARER_HOME'] = join(place, 'home');
});
afterAll(() => {
  process.env['CUPBEARER_HOME'] = home;
  rmSync(place, { recursive: true });
});

/** A Python with numpy; without one the templates in Python are not tried. */
const python = process.env['PYTHON'];

const made: ['typescript' | 'python', PluginKind][] = [
  ['typescript', 'detector'],
  ['typescript', 'dataset'],
  ['typescript', 'trigger'],
  ['typescript', 'model'],
  ['typescript', 'task'],
  ['python', 'detector'],
  ['python', 'dataset'],
  ['python', 'trigger'],
  ['python', 'model'],
  ['python', 'task'],
];

describe.each(made)('a new plugin in %s with a %s', (language, kind) => {
  it.skipIf(language === 'python' && python === undefined)('passes every check', async () => {
    const folder = join(place, `${language}-${kind}`);
    createPlugin({ kind, id: `my-${kind}`, language, folder });
    const { error, checks } = await checkFolder(folder, { python });
    expect(error?.message).toBeUndefined();
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(checks.length).toBeGreaterThan(3);
  });
});
