import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunRecord } from '../../shared/domain/run.ts';
import { cataloguePath } from '../../main/storage/home.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { startCli, type RunningCli } from './cli-process.ts';

let place: string;
beforeAll(() => (place = mkdtempSync(join(tmpdir(), 'cupbearer-lost-output-'))));
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

type Streams = Pick<Parameters<typeof startCli>[1], 'stdout' | 'stderr'>;

const start = (args: readonly string[], streams: Streams = {}): RunningCli =>
  startCli(args, { cwd: place, home: join(place, 'home'), ...streams });

/** A short training into a folder, with many more lines of progress to come when the first is out. */
const training = (folder: string) => [
  'train-classifier', '--train_data', 'glyphs', '--train_data.limit', '200', '--model', 'mlp', '--model.hidden_dims', '8',
  '--num_epochs', '5', '--engine', 'wasm', '--dir.full', folder,
]; // prettier-ignore

/** Status of the run in a folder, as the folder and the catalogue have it. */
function statusOf(folder: string): (string | undefined)[] {
  const record = JSON.parse(readFileSync(join(place, folder, 'run.json'), 'utf8')) as RunRecord;
  const catalogue = openCatalogue(cataloguePath(join(place, 'home')));
  try {
    return [record.status, catalogue.find(record.id)?.status];
  } finally {
    catalogue.close();
  }
}

describe('where nobody reads the output any more', () => {
  it.each([['runs'], ['runs --json'], ['-h'], ['train-classifier -h']])('%s ends without a word', async (command) => {
    const { child, ended } = start(command.split(' '));
    child.stdout!.destroy();
    expect(await ended).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('a command that fails has its exit code', async () => {
    const { child, ended } = start(['runs', 'nonsense']);
    child.stderr!.destroy();
    expect(await ended).toEqual({ code: 2, stdout: '', stderr: '' });
  });

  it('a run is finished and recorded', async () => {
    const { child, ended } = start(training('unread'));
    child.stdout!.destroy();
    child.stderr!.once('data', () => child.stderr!.destroy());
    expect((await ended).code).toBe(0);
    expect(statusOf('unread')).toEqual(['done', 'done']);
  });
});

const notLinux = process.platform === 'linux' ? '' : ' (skipped: only Linux has /dev/full)';

describe.skipIf(notLinux !== '')(`where the disk is full that the output goes to${notLinux}`, () => {
  const full = () => {
    const file = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(file));
    return file;
  };
  const lost = 'Error: Could not write the output: the disk is full.\n';

  it.each([['runs'], ['runs --json'], ['-h'], ['runs show none --json']])('%s says so once', async (command) => {
    const { code, stderr } = await start(command.split(' '), { stdout: full() }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${lost}Free some space.*\n$`));
  });

  it('a run is finished and recorded, and its results are said to be lost', async () => {
    const { code, stderr } = await start(training('unwritten'), { stdout: full() }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`\nTraining .* 100 % .*\n${lost}Free some space.*\n$`));
    expect(statusOf('unwritten')).toEqual(['done', 'done']);
  });

  it('a run whose progress cannot be written is like any other', async () => {
    const { code, stdout } = await start(training('without-progress'), { stderr: full() }).ended;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/\nRun \S+ in without-progress\n$/)]);
    expect(statusOf('without-progress')).toEqual(['done', 'done']);
  });
});
