import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startProgram } from '../e2e/program.ts';
import { estimatedDraft } from '../estimated-draft.ts';
import { killTree } from '../compute-processes.ts';
import { startCli, type Ended } from './cli-process.ts';

/** Only a program that hangs takes so long. */
const deadlineMs = 45_000;
/** A system that keeps folders of its own, in which nobody creates one. */
const hasProc = existsSync('/proc/self');
const unusable = '/proc/x/y';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-unusable-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

async function run(args: readonly string[], home = join(place, 'home')): Promise<Ended> {
  const { child, ended } = startCli(args, { cwd: place, home });
  const deadline = setTimeout(() => killTree(child.pid!), deadlineMs);
  try {
    return await ended;
  } finally {
    clearTimeout(deadline);
  }
}

describe.skipIf(!hasProc)('a folder that cannot be had', () => {
  const training = ['train-classifier', '--train_data', 'glyphs', '--num_epochs', '1'];

  it.each<[string, string[], home?: string]>([
    ['a run', [...training, '--dir.full', unusable]],
    ['new runs', [...training, '--dir.base', unusable]],
    ['a download', ['data', 'download', 'mnist', '--data_dir', unusable]],
    ['the demo', ['demo', '--dir.base', unusable]],
    ["the program's own files", ['runs'], unusable],
  ])('for %s is refused by the command line', async (_, args, home) => {
    const { code, stdout, stderr } = await run(args, home);
    expect(stderr).toMatch(
      /^Error: Could not create the folder "\/proc\/x.*": the system creates no folders in "\/proc"\.\nChoose another folder\.\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('is refused by the program in a browser, which goes on and ends when it is told to', async () => {
    const home = join(place, 'web-home');
    mkdirSync(home);
    // As an earlier version let it be set.
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ runsDir: unusable }));
    const { client, child } = await startProgram(home, 0, { CUPBEARER_ROOT: '/' });
    const deadline = setTimeout(() => killTree(child.pid!), deadlineMs);
    onTestFinished(() => {
      clearTimeout(deadline);
      if (child.exitCode === null && child.signalCode === null) killTree(child.pid!);
    });

    const refusal = {
      code: 'FAILED',
      data: { code: 'storage', message: expect.stringContaining('creates no folders') as string },
    };
    await expect(client.drafts.start({ draft: estimatedDraft('auto').draft })).rejects.toMatchObject(refusal);
    await expect(client.app.change({ runsDir: '/proc/a/b' })).rejects.toMatchObject(refusal);
    await expect(client.app.change({ dataDir: '/proc/a/b' })).rejects.toMatchObject(refusal);
    expect(await client.models.list({})).toEqual([]);

    const ended = once(child, 'close');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
