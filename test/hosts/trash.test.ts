import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { makeExperiment, makeRun } from '../storage/trash-folders.ts';
import { startCli } from './cli-process.ts';

const timeout = 120_000;
let place: string;
let home: string;
let [plain, locked, model, experiment] = ['', '', '', ''];

const cli = (...args: string[]) => startCli(args, { cwd: place, home }).ended;
const json = async (...args: string[]) => {
  const { stdout, stderr } = await cli(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
};

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-trash-'));
  home = join(place, 'home');
  mkdirSync(home);
  const catalogue = openCatalogue(join(home, 'catalogue.sqlite'));
  plain = makeRun(catalogue, join(place, 'runs', 'plain')).id;
  locked = makeRun(catalogue, join(place, 'runs', 'locked')).id;
  const folder = join(place, 'experiments', 'mine');
  const shared = makeRun(catalogue, join(folder, 'classifiers', 'corner'));
  model = shared.id;
  const cell = makeRun(catalogue, join(folder, 'corner', 'knn'), { parents: [model] });
  experiment = makeExperiment(catalogue, folder, 'Mine', [{ key: 'knn', run: cell }]).id;
  makeExperiment(catalogue, join(place, 'experiments', 'other'), 'Other', [{ key: 'model', run: shared }]);
  catalogue.close();
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe.sequential('cupbearer trash', () => {
  it('has what runs remove and experiment remove have deleted', { timeout }, async () => {
    expect((await cli('trash')).stdout).toBe('The trash is empty.\n');
    expect((await cli('runs', 'remove', plain)).stdout).toMatch(/^Moved to the trash: 1 run\./);
    const { stdout } = await cli('experiment', 'remove', 'Mine');
    expect(stdout).toMatch(
      /^Moved to the trash: "Mine" with 1 run\. .*\n1 run in its folder stays: other experiments use it\.\n$/,
    );
    expect(await json('trash')).toMatchObject({
      items: [
        { what: 'experiment', name: 'Mine' },
        { what: 'run', runs: [plain], folder: join(place, 'runs', 'plain') },
      ],
    });
    expect((await cli('trash')).stdout).toMatch(/ {2}in 30 days {2}/);
    expect(readdirSync(join(place, 'experiments', 'mine', 'classifiers'))).toEqual(['corner']);
  });

  it('restores by the id in the trash and by that of a run', { timeout }, async () => {
    const { items } = (await json('trash')) as { items: { id: string }[] };
    const { stdout } = await cli('trash', 'restore', items[0]!.id, plain);
    expect(stdout).toBe('Mine is back in experiments/mine.\nplain, seed 0 is back in runs/plain.\n');
    expect(existsSync(join(place, 'experiments', 'mine', 'corner', 'knn', 'run.json'))).toBe(true);
    expect(await json('experiment', 'show', experiment)).toMatchObject({ spec: { name: 'Mine' } });
    const { code, stderr } = await cli('trash', 'restore', 'nobody');
    expect([code, stderr]).toEqual([
      1,
      'Error: There is nothing "nobody" in the trash.\nnpx cupbearer trash lists what is there.\n',
    ]);
  });

  it('has nothing that is locked', { timeout }, async () => {
    await cli('runs', 'lock', locked);
    expect((await cli('runs')).stdout).toContain('done, locked');
    const refused = await cli('runs', 'remove', plain, locked);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      `Error: The run ${locked} is locked.\nNothing was deleted. \`cupbearer runs unlock ${locked}\` takes the lock off.\n`,
    ]);
    await cli('runs', 'unlock', locked);
    await cli('experiment', 'lock', 'Other');
    expect((await cli('experiment', 'remove', 'Other')).stderr).toBe(
      'Error: The experiment "Other" is locked.\nNothing was deleted. `cupbearer experiment unlock "Other"` takes the lock off.\n',
    );
    expect((await cli('runs', 'remove', model)).stderr).toContain(
      `The run ${model} belongs to the experiment "Other", which is locked.`,
    );
    await cli('experiment', 'unlock', 'Other');
    expect(await json('trash')).toEqual({ items: [], bytes: 0 });
  });

  it('is emptied only where that is meant', { timeout }, async () => {
    await cli('runs', 'remove', plain, locked);
    const refused = await cli('trash', 'empty');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/^Error: Delete 2 things \(.+\) for good\? There is no terminal to ask at\.\nAdd --yes if/),
    ]);
    expect(readdirSync(join(place, 'runs'))).toHaveLength(2);
    expect(await json('trash', 'delete', plain, '--yes')).toMatchObject({ deleted: 1 });
    expect(await json('trash', 'empty', '--yes')).toMatchObject({ deleted: 1 });
    expect([readdirSync(join(place, 'runs')), await json('trash')]).toEqual([[], { items: [], bytes: 0 }]);
  });
});
