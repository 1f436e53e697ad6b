import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { datasetRegistry } from '../../main/data/datasets/index.ts';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isProcessAlive } from '../../main/storage/process-identity.ts';
import type { RunRecord } from '../../shared/domain/run.ts';
import type { ActivationCacheState } from '../../shared/domain/settings.ts';
import { canListProcesses, computeProcessesOf } from '../compute-processes.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { startCli, type RunningCli } from './cli-process.ts';

let place: string;
const home = () => join(place, 'home');
const at = (...names: string[]) => join(place, ...names);

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-cli-'));
  writeSmallMnist(at('data'), { train: 300, test: 60, side: 8 });
});
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

const start = (...args: string[]): RunningCli => startCli(args, { cwd: place, home: home() });

/** Runs a command that must succeed; gives what it wrote. */
async function succeed(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const ended = await start(...args).ended;
  if (ended.code !== 0) expect.fail(`exit code ${ended.code}: ${ended.stderr}${ended.stdout}`);
  return ended;
}

async function json(...args: string[]): Promise<unknown> {
  return JSON.parse((await succeed(...args, '--json')).stdout) as unknown;
}

/** The files of a folder with their bytes. */
function bytesIn(folder: string): Record<string, Buffer> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
}

describe('the main job', () => {
  const task = ['--task', 'backdoor', '--task.run_path', 'logs/classifier'];
  const small = ['--task.max_train_size', '300', '--task.max_test_size', '200'];
  const evaluation = ['eval-detector', '--detector', 'from_run', '--detector.path', 'logs/detector', ...task, ...small];

  it('trains a classifier on poisoned data', async () => {
    const { stdout, stderr } = await succeed(
      'train-classifier', '--train_data', 'backdoor', '--train_data.original', 'glyphs', '--train_data.backdoor', 'corner',
      '--model', 'mlp', '--dir.full', 'logs/classifier', '--train-data.original.limit', '1500', '--num-epochs=2', '--model.hidden-dims', '32',
    ); // prettier-ignore
    expect(stdout).toMatch(
      /^Clean accuracy +\d+\.\d\s%\nAttack success +\d+\.\d\s%\n\nRun \S+ in logs[\\/]classifier\n$/,
    );
    expect(stderr).toMatch(/^Data +█+ +100 % .*\n/);
    expect(stderr).toMatch(
      /\nepoch 1\/2: loss \d\.\d{4}, accuracy .* %, clean accuracy .* %, backdoor attack success .* %, /,
    );
    expect(stderr).toMatch(/\nTraining +█+ +100 % .* epoch 2\/2, loss \d\.\d{4}\n$/);
  });

  it('fits a detector and evaluates it at once', async () => {
    const { stdout, stderr } = await succeed(
      'train-detector', '--detector', 'mahalanobis', '--task.backdoor', 'corner', ...task, ...small, '--dir.full', 'logs/detector',
    ); // prettier-ignore
    expect(stdout).toMatch(/^layer +AUROC +95 % interval +AP +95 % interval +TPR at 1 % FPR\n/);
    for (const layer of ['layers.linear_0.output', 'layers.linear_1.output', 'all'])
      expect(stdout).toMatch(
        new RegExp(`\n${layer} +[01]\\.\\d{3} +\\S+ to \\S+ +[01]\\.\\d{3} +\\S+ to \\S+ +[01]\\.\\d{3}\n`),
      );
    expect(stderr.match(/^(Data|Fitting|Evaluating) +█+ +100 %/gm)).toHaveLength(3);
    expect(readdirSync(at('logs', 'detector', 'scores')).sort()).toEqual([
      'all.npy',
      'anomaly_labels.npy',
      'layers.linear_0.output.npy',
      'layers.linear_1.output.npy',
      'predicted_class.npy',
      'sample_index.npy',
      'true_class.npy',
    ]);
  });

  it('finds the same evaluation instead of computing it again', async () => {
    const before = bytesIn(at('logs', 'detector', 'scores'));
    const { stdout, stderr } = await succeed(...evaluation, '--task.backdoor', 'corner', '--dir.full', 'logs/detector');
    expect(stdout).toMatch(/^This evaluation is already there; --overwrite computes it again\.\n\nlayer +AUROC/);
    expect(stderr).toBe('');
    expect(bytesIn(at('logs', 'detector', 'scores'))).toEqual(before);
  });

  it('evaluates against another trigger in another folder', async () => {
    const result = (await json(
      ...evaluation, '--task.backdoor', 'noise', '--task.backdoor.std', '0.2', '--dir.full', 'logs/detector_ablation',
    )) as { run: RunRecord; found: boolean; folder: string; evaluation: object }; // prettier-ignore
    expect(result).toMatchObject({ found: false, run: { kind: 'evaluation', status: 'done' } });
    expect(Object.keys(result.evaluation)).toEqual(['layers.linear_0.output', 'layers.linear_1.output', 'all']);
    expect(existsSync(at('logs', 'detector_ablation', 'eval.json'))).toBe(true);
    expect(existsSync(at('logs', 'detector', 'evals'))).toBe(false);
  });

  it('gives bit-equal scores for the same spec, with activations from the cache', async () => {
    const { folder } = (await json(
      'train-detector', '--task.backdoor', 'corner', ...task, ...small, '--dir.base', 'again',
    )) as { folder: string }; // prettier-ignore
    expect(folder.startsWith(at('again'))).toBe(true);
    expect(bytesIn(join(folder, 'scores'))).toEqual(bytesIn(at('logs', 'detector', 'scores')));
    expect(readFileSync(join(folder, 'detector.safetensors'))).toEqual(
      readFileSync(at('logs', 'detector', 'detector.safetensors')),
    );
    expect(readFileSync(join(folder, 'eval.json'))).toEqual(readFileSync(at('logs', 'detector', 'eval.json')));
    const log = readFileSync(join(folder, 'log.jsonl'), 'utf8');
    expect(log).toMatch(/Activations taken from the cache: those of .* samples; all of them\./);
    expect(readFileSync(at('logs', 'detector', 'log.jsonl'), 'utf8')).not.toContain('from the cache');
  });

  it('keeps activations within a limit, and clears them', async () => {
    const held = (await json('cache')) as ActivationCacheState;
    expect(held).toMatchObject({ folder: join(home(), 'activations'), limitBy: 'disk' });
    expect(held.files).toBeGreaterThan(0);
    expect(await json('cache', 'limit', '5GB')).toEqual({ ...held, limit: 5e9, limitBy: 'setting' });
    const small = (await json('cache', 'limit', '20kB')) as ActivationCacheState;
    expect(small.bytes).toBeLessThanOrEqual(20_000);
    expect(small.files).toBeLessThan(held.files);
    expect(await json('cache', 'clear')).toMatchObject({ bytes: 0, files: 0 });
    expect((await succeed('cache', 'limit', 'auto')).stdout).toMatch(
      /holds {3}0.B in 0 files\nlimit {3}.* as suits the disk\n/,
    );
    for (const words of [['limit'], ['limit', 'much'], ['clear', '1GB'], ['empty']])
      expect(await start('cache', ...words).ended).toMatchObject({ code: 2, stdout: '' });
  });

  it('leaves runs that can be listed and shown', async () => {
    const runs = (await json('runs')) as RunRecord[];
    expect(runs.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'detector done',
      'evaluation done',
      'detector done',
      'classifier done',
    ]);
    const detector = runs[2]!;
    expect(detector.parents).toEqual([runs[3]!.id]);
    const shown = (await json('runs', 'show', detector.id.slice(-4))) as object;
    expect(shown).toMatchObject({ id: detector.id, folder_exists: true });
    expect(await json('runs', 'list', '--kind', 'classifier')).toEqual([runs[3]]);
  });
});

describe('--json', () => {
  it.each(['data', 'data info mnist', 'doctor'])('gives JSON for %s', async (command) => {
    expect(await json(...command.split(' '))).toBeTypeOf('object');
  });

  it('may stand anywhere', async () => {
    expect(JSON.parse((await succeed('--json', 'runs', 'list')).stdout)).toBeInstanceOf(Array);
    expect(JSON.parse((await succeed('runs', '--json', 'list')).stdout)).toBeInstanceOf(Array);
  });

  it('gives JSON for errors', async () => {
    const { code, stdout, stderr } = await start('train-classifier', '--json', '--train_data', 'glyhps').ended;
    expect([code, stderr]).toEqual([2, '']);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'usage',
        message: `--train_data must be one of ${datasetRegistry.ids.join(', ')}; got "glyhps". Did you mean "glyphs"?`,
      },
    });
  });
});

/** Resolves once no process has this number any more. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const withoutSignals = canListProcesses ? '' : ' (skipped: Windows has no signals)';

describe.skipIf(!canListProcesses)(`a training that is cut off again and again${withoutSignals}`, () => {
  const epochs = 200;
  const flags = [
    '--train_data', 'mnist', '--model.hidden_dims', '16', '--batch_size', '100', '--num_epochs', String(epochs), '--data_dir', 'data',
  ]; // prettier-ignore
  const begun = new RegExp(`^epoch \\d+/${epochs}: `, 'm');
  const record = () => JSON.parse(readFileSync(at('cut', 'run.json'), 'utf8')) as RunRecord;
  const resume = () => start('train-classifier', '--dir.full', 'cut', '--resume');

  it('is cancelled by Ctrl-C', async () => {
    const running = start('train-classifier', ...flags, '--dir.full', 'cut');
    await running.says(begun);
    // A terminal sends the signal to all processes of the group.
    process.kill(-running.child.pid!, 'SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('Cancelling after this batch; Ctrl-C again to stop at once.\n');
    expect(stderr).toMatch(/\nThe training was cancelled\.\n/);
    expect(stderr).not.toContain('    at ');
    expect(record()).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
    expect(existsSync(at('cut', 'checkpoint.safetensors'))).toBe(true);
  });

  it('is interrupted where the program is killed, which the next start notices', async () => {
    const running = resume();
    await running.says(begun);
    const [compute] = computeProcessesOf(running.child.pid!);
    running.child.kill('SIGKILL');
    await running.ended;
    await gone(compute!);
    expect(record().status).toBe('running');
    const [newest] = (await json('runs', '--limit', '1')) as RunRecord[];
    expect(newest).toMatchObject({ id: record().id, status: 'interrupted', error: { code: 'crashed' } });
    expect(record().status).toBe('interrupted');
  });

  it('ends what a killed program has left behind before another goes on, and nothing of one that runs', async () => {
    const running = resume();
    await running.says(begun);
    const [compute] = computeProcessesOf(running.child.pid!);
    onTestFinished(() => void (isProcessAlive(compute!, null) && process.kill(compute!, 'SIGKILL')));
    expect(((await json('runs', '--limit', '1')) as RunRecord[])[0]).toMatchObject({ status: 'running' });
    expect(computeProcessesOf(running.child.pid!)).toEqual([compute]);
    // One that is stopped does not notice that its host has gone.
    process.kill(compute!, 'SIGSTOP');
    running.child.kill('SIGKILL');
    await running.ended;
    process.kill(compute!, 0);
    const [newest] = (await json('runs', '--limit', '1')) as RunRecord[];
    expect(newest).toMatchObject({ id: record().id, status: 'interrupted' });
    await gone(compute!);
  });

  it('fails with the reason where the compute process is killed', async () => {
    const running = resume();
    await running.says(begun);
    process.kill(computeProcessesOf(running.child.pid!)[0]!, 'SIGKILL');
    const { code, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nError: The compute process was ended by SIGKILL in the middle of the run\.\n/);
    expect(stderr).not.toContain('    at ');
    expect(record()).toMatchObject({ status: 'failed', error: { code: 'crashed' } });
  });

  it('ends with the weights of one that was never cut off', async () => {
    const { stderr } = await resume().ended;
    expect(stderr).toMatch(/^Going on after epoch \d+\.$/m);
    await succeed('train-classifier', ...flags, '--dir.full', 'whole');
    expect(record()).toMatchObject({ status: 'done', error: null });
    const weights = (name: string) => readFileSync(at(name, 'model.safetensors'));
    expect(weights('cut').equals(weights('whole'))).toBe(true);
  });

  it('goes on in smaller batches where it is told to, and not in larger ones', async () => {
    const running = start('train-classifier', ...flags, '--dir.full', 'tight');
    await running.says(begun);
    process.kill(-running.child.pid!, 'SIGINT');
    await running.ended;
    const go = (size: string) => start('train-classifier', '--dir.full', 'tight', '--resume', '--batch_size', size);
    const larger = await go('200').ended;
    expect([larger.code, larger.stderr]).toEqual([2, expect.stringContaining('expected at most 100, found 200')]);
    const { code, stderr } = await go('50').ended;
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Going on after epoch \d+\.$/m)]);
    const spec = JSON.parse(readFileSync(at('tight', 'spec.json'), 'utf8')) as object;
    expect(spec).toMatchObject({ spec: { batch_size: 50 }, earlier_batch_sizes: [100] });
  });
});

describe('data show', () => {
  it.each([
    ['wanet', 'mnist', ['--data_dir', 'data', '--count', '4', '--trigger.warping_strength', '2']],
    ['sentence', 'arithmetic', ['--data.room', '3']],
  ])('draws %s on %s into a folder', async (trigger, data, flags) => {
    const { stdout } = await succeed('data', 'show', '--data', data, '--trigger', trigger, ...flags, '--out', 'sheets');
    const names = ['png', 'svg'].map((type) => `trigger-${trigger}-${data}.${type}`);
    expect(stdout).toContain(names.map((name) => join('sheets', name)).join('\n'));
    const [png, svg] = names.map((name) => readFileSync(at('sheets', name)));
    expect(png!.subarray(1, 4).toString()).toBe('PNG');
    expect(svg!.toString()).toContain('<desc>');
  });

  it('takes no flags of other actions, nor a poisoned dataset', async () => {
    const fails = async (...args: string[]) => {
      const { code, stderr } = await start('data', ...args).ended;
      expect(code).toBe(2);
      return stderr;
    };
    expect(await fails('list', '--trigger', 'corner')).toMatch(/^Error: data list takes no --trigger/);
    expect(await fails('show', 'mnist')).toMatch(/^Error: data show takes no name\.\nName it by --data\.\n$/);
    expect(await fails('show', '--data', 'backdoor')).toMatch(/^Error: --data takes the dataset without a trigger/);
  });
});
