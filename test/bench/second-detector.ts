/** What a second detector takes over activations that a first one has left in the cache. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseParams, pick } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { buildTask } from '../../main/runs/work/build-task.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import type { RunContext } from '../../main/runs/run-definition.ts';
import { trainClassifier } from '../../main/runs/train-classifier.ts';
import { ActivationCache } from '../../main/storage/activation-cache.ts';
import { createRunFolder, writeSpec } from '../../main/storage/run-folder.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import type { Task } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';

/** Classifiers of digits that the program draws itself, 10,000 to train and to test. */
export const secondDetectorBenches = [
  { name: 'second detector, mlp (128, 128)', model: { name: 'mlp', hidden_dims: [128, 128] } },
  { name: 'second detector, cnn (32, 64; 256, 256)', model: { name: 'cnn' } },
] as const;

/**
 * Seconds that fitting and scoring took, passes over the data included, of the clock; neither start nor loading of data. The
 * first writes what it computes into an empty cache.
 */
interface SecondDetector {
  first: number;
  second: number;
  /** The same detector as the second one without a cache. */
  secondAlone: number;
}

const text = { label: '', help: '' };

/** Measures `mahalanobis` first and `pca-residual` after it on the layers of a classifier trained for one epoch. */
export async function runSecondDetector(model: object, engine: string): Promise<SecondDetector> {
  const base = mkdtempSync(join(tmpdir(), 'cupbearer-bench-'));
  try {
    const folder = createRunFolder(join(base, 'classifier'));
    const context: RunContext = {
      folder,
      dataDir: base,
      engine: await startEngine(engine),
      resume: false,
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
    };
    const train_data = { name: 'backdoor', original: 'glyphs', backdoor: 'corner' };
    const spec = parseParams(trainClassifier.params, { train_data, model, num_epochs: 1 });
    const created_at = new Date().toISOString();
    const file = { format: 1, kind: 'classifier', spec, seed: 0, engine: null, versions: {} } as const;
    writeSpec(folder, { ...file, fingerprints: {}, parents: [], created_at });
    await trainClassifier.run(spec, context);
    const asked = { name: 'backdoor', run_path: folder };
    const task = await buildTask(parseParams(pick(() => taskRegistry, text), asked), context); // prettier-ignore
    const cache = await ActivationCache.open({ folder: join(base, 'activations'), limit: 1e10, tell: console.error });
    const keeping = { ...context, activations: { cache, counts: { found: 0, computed: 0 } } };
    // Kernels and threads get warm without the cache.
    await fitAndScore('pca-residual', task, context);
    const first = await fitAndScore('mahalanobis', task, keeping);
    const second = await fitAndScore('pca-residual', task, keeping);
    return { first, second, secondAlone: await fitAndScore('pca-residual', task, context) };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function fitAndScore(name: string, task: Task, context: RunContext): Promise<number> {
  const spec = parseParams(pick(() => detectorRegistry, text), { name }); // prettier-ignore
  const start = performance.now();
  const fitted = await fitDetector(spec, task, 0, 1000, context);
  await scoreTask(fitted, task, 0, 1000, context);
  return (performance.now() - start) / 1000;
}
