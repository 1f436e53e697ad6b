import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Workbench } from '../../main/api/workbench.ts';
import { readRecord } from '../../main/storage/run-folder.ts';
import { engineText } from '../../shared/engine-parts.ts';
import { softwareGpuDriver, softwareGpuLack } from '../software-gpu.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { withEnvironment } from '../tensorflow.ts';
import { runOn } from '../api/run-on.ts';

const lack = softwareGpuLack();
const loseGpu = fileURLToPath(new URL('./lose-gpu.ts', import.meta.url));

const params = {
  train_data: { name: 'backdoor', original: 'mnist', backdoor: { name: 'corner', p_backdoor: 0.2 } },
  model: { name: 'mlp', hidden_dims: [8] },
  num_epochs: 4,
  batch_size: 40,
};

/** A workbench of its own, and a training that has the GPU lost once its first epochs are kept. */
async function lostTraining() {
  const dataDir = temporaryFolder();
  writeSmallMnist(dataDir, { train: 200, test: 40, side: 8 });
  const workbench = new Workbench(join(dataDir, 'catalogue.sqlite'));
  onTestFinished(() => workbench.close());
  const folder = join(dataDir, 'classifier');
  const train = (more: object) => runOn(workbench, 'train-classifier', params, { folder, dataDir, ...more });
  const lost = { NODE_OPTIONS: `--import ${loseGpu}`, LOSE_GPU_WHEN: join(folder, 'checkpoint.safetensors') };
  const failure: unknown = await withEnvironment(lost, () => train({ engine: 'webgpu' })).catch(
    (error: unknown) => error,
  );
  return { workbench, dataDir, folder, train, failure };
}

describe.skipIf(lack !== undefined)(
  `a GPU that is lost in a run${lack === undefined ? '' : ` (skipped: ${lack})`}`,
  () => {
    const onSwiftshader = <T>(action: () => Promise<T>) =>
      withEnvironment(
        { VK_ICD_FILENAMES: softwareGpuDriver, XDG_RUNTIME_DIR: tmpdir(), CUPBEARER_TEST_ENGINE: undefined },
        action,
      );

    it('fails it with the reason, and it goes on on the GPU with the next attempt', { timeout: 120_000 }, () =>
      onSwiftshader(async () => {
        const { workbench, train, folder, failure } = await lostTraining();
        expect(failure).toMatchObject({
          code: 'engine',
          message: expect.stringMatching(/^The GPU was lost in the middle of the work/) as string,
          hint: expect.stringContaining('--resume') as string,
        });
        expect(workbench.catalogue.byFolder(folder)).toMatchObject({ status: 'failed', engine: 'webgpu' });
        const { record } = await train({ resume: true, engine: 'webgpu' });
        expect(record).toMatchObject({ status: 'done', engine: 'webgpu', error: null });
        expect(record.engine_parts).toBeUndefined();
        const epochs = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
        expect(epochs).toHaveLength(params.num_epochs);
      }),
    );

    it('is one of the engines that the run names where another goes on, or evaluates', { timeout: 120_000 }, () =>
      onSwiftshader(async () => {
        const { workbench, dataDir, train, folder } = await lostTraining();
        const { record } = await train({ resume: true, engine: 'wasm' });
        expect(record).toMatchObject({ status: 'done', engine: 'wasm' });
        expect(record.engine_parts).toMatchObject([
          { engine: 'webgpu', part: 'run' },
          { engine: 'wasm', part: 'resumed' },
        ]);
        expect(readRecord(folder).engine_parts).toEqual(record.engine_parts);
        expect(engineText(record)).toMatch(/^webgpu, then resumed on wasm \(.+ UTC\)$/);

        const detector = join(dataDir, 'detector');
        const task = { name: 'backdoor', run_path: folder };
        const fitted = await runOn(
          workbench,
          'train-detector',
          { detector: 'mahalanobis', task },
          { folder: detector, dataDir, engine: 'wasm' },
        );
        expect(fitted.record.engine_parts).toBeUndefined();
        const again = await runOn(
          workbench,
          'eval-detector',
          { detector: { name: 'from_run', path: detector }, task },
          { folder: detector, dataDir, engine: 'webgpu', overwrite: true },
        );
        expect(again.record).toMatchObject({
          engine: 'wasm',
          engine_parts: [
            { engine: 'wasm', part: 'run' },
            { engine: 'webgpu', part: 'evaluation' },
          ],
        });
        expect(workbench.catalogue.get(again.record.id)).toEqual(again.record);
      }),
    );
  },
);
