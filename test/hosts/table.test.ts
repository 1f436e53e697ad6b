import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { textTable } from '../../main/hosts/cli/table.ts';
import { cataloguePath } from '../../main/storage/home.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { runRecord } from '../storage/run-records.ts';
import { startCli } from './cli-process.ts';

describe('a table', () => {
  it('has its columns under one another, numbers to the right', () => {
    const rows = [
      ['a', '1', 'x'],
      ['bcd', '20'],
    ];
    expect(textTable(['name', 'n', ''], rows, [false, true])).toBe(
      ['name   n', '────  ──  ─', 'a      1  x', 'bcd   20'].join('\n'),
    );
  });

  it('ends what is too long for a cell with an ellipsis, between two characters', () => {
    const [, rule, first, second] = textTable(['title', 'n'], [['x'.repeat(80), '1'], [`${'x'.repeat(78)}👍y`, '2']]).split('\n'); // prettier-ignore
    expect(rule).toBe(`${'─'.repeat(80)}  ─`);
    expect(first).toBe(`${'x'.repeat(80)}  1`);
    expect(second).toBe(`${'x'.repeat(78)}…   2`);
  });

  it('leaves paths in the last column whole', () => {
    const path = `/${'folder/'.repeat(100)}`;
    expect(textTable(['id', 'folder'], [['a', path]])).toContain(path);
    expect(textTable(['id', 'folder'], [['a', 'x'.repeat(900_000)]]).length).toBeLessThan(10_000);
  });

  it('has a line for each row, whatever is in it, and for as many as there are', () => {
    expect(textTable(['title', 'n'], [['a\nb\tc\r', '1']]).split('\n')).toHaveLength(3);
    expect(textTable(['n'], Array<string[]>(300_000).fill(['1'])).split('\n')).toHaveLength(300_002);
  });
});

describe('the list of runs', () => {
  it('is short however long a title is, and whole as JSON', async () => {
    const home = mkdtempSync(join(tmpdir(), 'cupbearer-table-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
    const title = 'long '.repeat(180_000);
    const catalogue = openCatalogue(cataloguePath(home));
    catalogue.insert(runRecord({ title, folder: join(home, 'long') }));
    for (let k = 0; k < 20; k++) catalogue.insert(runRecord({ id: `run-${k}`, folder: join(home, `run-${k}`) }));
    catalogue.close();
    const list = (...flags: string[]) => startCli(['runs', ...flags], { cwd: home, home }).ended;
    expect((await list()).stdout.length).toBeLessThan(10_000);
    const runs = JSON.parse((await list('--json')).stdout) as { title: string }[];
    expect(runs.map((run) => run.title)).toContain(title);
  });
});
