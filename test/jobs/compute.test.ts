import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CupbearerError, smallerBatchHelps } from '../../shared/errors.ts';
import { parseSpec } from '../../main/runs/index.ts';
import { runInComputeProcess } from '../../main/jobs/compute.ts';
import type { Job, RunEvent } from '../../main/jobs/protocol.ts';
import { canListProcesses, computeProcessesOf, withoutProcessList } from '../compute-processes.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { temporaryFolder } from '../storage/fixtures.ts';

/** A short training on a made-up dataset, in a folder of its own. */
function trainingJob(params: object = {}): Job {
  const dataDir = temporaryFolder();
  writeSmallMnist(dataDir, { train: 60, test: 20, side: 8 });
  const folder = join(dataDir, 'run');
  mkdirSync(folder);
  const asked = {
    train_data: 'mnist',
    model: { name: 'mlp', hidden_dims: [8] },
    num_epochs: 2,
    batch_size: 20,
    ...params,
  };
  return { spec: parseSpec('classifier', asked), folder, dataDir, engine: 'wasm', resume: false };
}

/** More epochs than anybody waits for. */
const endless = { num_epochs: 100_000 };

async function failureOf(run: Promise<unknown>): Promise<CupbearerError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CupbearerError);
  return error as CupbearerError;
}

/** The messages of its log file. */
function logOf({ folder }: Job): string[] {
  const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as { message: string }).message);
}

const isTraining = (event: RunEvent) => event.type === 'progress' && event.phase === 'Training' && event.done > 0;

describe('a run in a process of its own', () => {
  it('tells how it goes and what came out', async () => {
    const job = trainingJob();
    const events: RunEvent[] = [];
    const outcome = await runInComputeProcess(job, { onEvent: (event) => events.push(event) });
    expect(Object.keys(outcome.metrics)).toEqual([
      'train_loss',
      'train_accuracy',
      'clean_accuracy',
      'largest_class',
      'largest_prediction',
    ]);
    expect(outcome.fingerprints['train_data']).toMatch(/^[0-9a-f]{64}$/);
    expect(existsSync(join(job.folder, 'model.safetensors'))).toBe(true);

    expect(events[0]).toMatchObject({ type: 'engine', engine: { id: 'wasm' } });
    const progress = events.filter((event) => event.type === 'progress');
    expect([...new Set(progress.map(({ phase }) => phase))]).toEqual(['Data', 'Training']);
    expect(progress.at(-1)).toMatchObject({
      phase: 'Training',
      done: 6,
      total: 6,
      note: expect.stringMatching(/^epoch 2\/2, loss /) as string,
    });
    const log = events.filter((event) => event.type === 'log');
    // Two epochs on a few samples teach it little, which it says.
    const doubt = 'The classifier has learnt next to nothing';
    expect(log.map(({ message }) => message.split(':')[0])).toEqual(['epoch 1/2', 'epoch 2/2', doubt]);
    expect(logOf(job).map((line) => line.split(/:| on /)[0])).toEqual([
      'WebAssembly (CPU)',
      'Data',
      'Training',
      'epoch 1/2',
      'epoch 2/2',
      doubt,
      'Done',
    ]);
  });

  it('that fails says why, with code, hint and details', async () => {
    const job = trainingJob();
    const error = await failureOf(runInComputeProcess({ ...job, dataDir: join(job.folder, 'nothing') }, {}));
    expect(error.code).toBe('not-found');
    expect(error.message).toContain('The dataset "mnist" is not in ');
    expect(error.hint).toBe('Get it with: npx cupbearer data download mnist');
    expect(error.details).toEqual({ dataset: 'mnist', folder: join(job.folder, 'nothing', 'mnist') });
    expect(logOf(job).at(-1)).toBe(error.message);
  });

  it('that is cancelled ends as cancelled', async () => {
    const abort = new AbortController();
    const error = await failureOf(
      runInComputeProcess(trainingJob(endless), {
        signal: abort.signal,
        onEvent: (event) => void (isTraining(event) && abort.abort()),
      }),
    );
    expect([error.code, error.message]).toEqual(['cancelled', 'The training was cancelled.']);
  });

  it('that is cancelled before it has begun does not begin', async () => {
    const abort = new AbortController();
    abort.abort();
    const job = trainingJob(endless);
    const error = await failureOf(runInComputeProcess(job, { signal: abort.signal }));
    expect(error.code).toBe('cancelled');
    expect(existsSync(join(job.folder, 'model.safetensors'))).toBe(false);
  });

  it.skipIf(!canListProcesses)(
    `that is killed fails with the reason, and the next one works${withoutProcessList}`,
    async () => {
      let killed = 0;
      const error = await failureOf(
        runInComputeProcess(trainingJob(endless), {
          onEvent(event) {
            if (killed > 0 || !isTraining(event)) return;
            killed = computeProcessesOf(process.pid)[0]!;
            process.kill(killed, 'SIGKILL');
          },
        }),
      );
      expect(error.code).toBe('crashed');
      expect(error.message).toBe('The compute process was ended by SIGKILL in the middle of the run.');
      expect(error.hint).toContain('memory');
      expect(error.details).toEqual({ code: null, signal: 'SIGKILL', errorOutput: [], ...smallerBatchHelps });
      expect(computeProcessesOf(process.pid)).toEqual([]);
      const outcome = await runInComputeProcess(trainingJob(), {});
      expect(outcome.metrics['train_accuracy']).toBeGreaterThan(0);
    },
  );
});
