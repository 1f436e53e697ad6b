import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runRegistry } from '../../main/runs/index.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import { specFile } from '../storage/run-records.ts';
import { ended, smallTraining, startApplication, type StartedApplication } from './running-application.ts';

let app: StartedApplication;
beforeEach(() => {
  app = startApplication();
});
afterEach(() => app.stop());

/** A run folder as a process leaves it that is killed between writing the spec and telling the catalogue. */
function cutOffRun(name: string, spec: Record<string, unknown>): string {
  const folder = join(app.place, 'found', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'spec.json'), JSON.stringify({ ...specFile(), spec }));
  return folder;
}

describe('taking up runs that were cut off before they were in the catalogue', () => {
  const spec = parseParams(runRegistry.get('train-classifier').params, smallTraining);

  it('lists them as interrupted, once, and goes on with them', async () => {
    const folder = cutOffRun('training', spec);
    expect(await app.client.runs.takeUp({ folder: app.place })).toEqual({ added: [folder], skipped: [] });
    const run = app.application.workbench.catalogue.byFolder(folder)!;
    expect(run).toMatchObject({ status: 'interrupted', error: { code: 'crashed' } });
    expect(await app.client.runs.takeUp({ folder: app.place })).toEqual({ added: [], skipped: [] });
    await app.client.runs.resume({ id: run.id });
    expect(await ended(app, run.id)).toBe('done');
  });

  it('skips with the reason what is no spec of this program, and takes up the others', async () => {
    const [good, bad] = [cutOffRun('good', spec), cutOffRun('bad', { model: { name: 'mlp' } })];
    const { added, skipped } = await app.client.runs.takeUp({ folder: app.place });
    expect(added).toEqual([good]);
    expect(skipped).toEqual([{ folder: bad, reason: expect.stringContaining('train_data') as string }]);
  });
});
