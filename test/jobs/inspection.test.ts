import { afterEach, describe, expect, it } from 'vitest';
import { forkProcess, type ChildProcess } from '../../main/jobs/child-process.ts';
import { Inspector } from '../../main/jobs/inspection.ts';

const dataDir = '/nowhere';
const glyphs = (limit: number) => ({ dataset: { name: 'glyphs', limit }, draw: 0, count: 4 });

let inspector: Inspector;
let kill: () => void;
let starts = 0;
/** Starts real processes and keeps hold of the last one. */
const launch: typeof forkProcess = <A, B>(entry: string): ChildProcess<A, B> => {
  starts++;
  const child = forkProcess<A, B>(entry);
  kill = () => child.kill();
  return child;
};
afterEach(() => inspector.close());

describe('the inspection process', () => {
  it('is started by the first question, answers several, and starts again after a crash', async () => {
    starts = 0;
    inspector = new Inspector(launch);
    expect(inspector.isRunning).toBe(false);
    const answers = await Promise.all([
      inspector.ask('preview-dataset', glyphs(20), { dataDir }),
      inspector
        .ask('preview-dataset', { dataset: { name: 'mnist' }, draw: 0, count: 1 }, { dataDir })
        .catch((error: unknown) => error),
    ]);
    expect(answers[0].samples).toMatchObject({ kind: 'images', count: 4, shape: [28, 28, 1] });
    if (answers[0].samples.kind === 'images') expect(answers[0].samples.arrays['clean']).toBeInstanceOf(Float32Array);
    expect(answers[1]).toMatchObject({ code: 'not-found', details: { dataset: 'mnist' } });
    expect(starts).toBe(1);

    const pending = inspector.ask('preview-dataset', glyphs(30), { dataDir });
    kill();
    await expect(pending).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringContaining('SIGKILL') as string,
    });
    await inspector.ask('preview-dataset', glyphs(20), { dataDir });
    expect(starts).toBe(2);
  });

  it('gives up a question whose signal is given, and goes on with others', async () => {
    inspector = new Inspector(launch);
    const abort = new AbortController();
    const dropped = inspector.ask('preview-dataset', glyphs(5000), { dataDir, signal: abort.signal });
    const kept = inspector.ask('preview-dataset', glyphs(10), { dataDir });
    abort.abort();
    await expect(dropped).rejects.toMatchObject({ code: 'cancelled' });
    expect((await kept).samples).toMatchObject({ count: 4 });
    await expect(inspector.ask('preview-dataset', glyphs(1), { dataDir, signal: abort.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('ends once nothing was asked for a while, and answers the next question all the same', async () => {
    starts = 0;
    inspector = new Inspector(launch, { idleMs: 20 });
    await inspector.ask('preview-dataset', glyphs(10), { dataDir });
    await expect.poll(() => inspector.isRunning).toBe(false);
    await inspector.ask('preview-dataset', glyphs(10), { dataDir });
    expect(starts).toBe(2);
  });

  it('refuses questions once it is closed', async () => {
    inspector = new Inspector(launch);
    const pending = inspector.ask('preview-dataset', glyphs(10), { dataDir });
    inspector.close();
    await expect(pending).rejects.toMatchObject({ code: 'cancelled' });
    await expect(inspector.ask('preview-dataset', glyphs(10), { dataDir })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
