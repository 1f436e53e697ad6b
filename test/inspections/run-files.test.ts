import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LoadedDatasets } from '../../main/data/loaded-datasets.ts';
import { runFiles } from '../../main/inspections/run-files.ts';

function temporaryRun(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-run-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'scores'));
  writeFileSync(join(folder, 'scores', 'all.npy'), '12345');
  writeFileSync(join(folder, 'spec.json'), '{}');
  return folder;
}

const filesOf = (folder: string) =>
  runFiles({ folder }, { dataDir: folder, signal: new AbortController().signal, datasets: new LoadedDatasets() });

const own = [
  { name: 'scores/all.npy', bytes: 5 },
  { name: 'spec.json', bytes: 2 },
];

it('the files of a run are told with their sizes, but for hidden ones and links', async () => {
  const folder = temporaryRun();
  writeFileSync(join(folder, '.leftover'), '');
  symlinkSync(join(folder, 'scores'), join(folder, 'linked'));
  expect(await filesOf(folder)).toEqual(own);
});

it('none are told of a folder that is gone', async () => {
  expect(await filesOf(join(tmpdir(), 'cupbearer-no-such-run'))).toEqual([]);
});

it('what no run has is left out, and the rest is told', async () => {
  const folder = temporaryRun();
  mkdirSync(join(folder, 'zoo'));
  for (let i = 0; i <= 20_000; i++) symlinkSync('nowhere', join(folder, 'zoo', String(i)));
  expect(await filesOf(folder)).toEqual(own);
});
