/** Trains the classifier of one column with one seed, then fits and scores every detector: a JSON line each. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allLayers } from '../../shared/domain/evaluation.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { parseParams, pick } from '../../shared/schema/fields.ts';
import { defaultDataDir } from '../../main/data/data-dir.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { aurocInterval } from '../../main/evaluation/delong.ts';
import { buildTask } from '../../main/experiments/build-task.ts';
import { fitDetector, scoreTask } from '../../main/experiments/detection.ts';
import type { RunContext } from '../../main/experiments/experiment.ts';
import { trainClassifier } from '../../main/experiments/train-classifier.ts';
import { createRunFolder, writeSpec } from '../../main/storage/run-folder.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { columns } from './settings.ts';

/** What `measure` says of a detector on one column with one seed. */
export interface Measurement {
  column: string;
  seed: number;
  detector: string;
  auroc?: number;
  lower?: number;
  upper?: number;
  seconds?: number;
  /** Why there is no figure. */
  error?: string;
}

const batchSize = 1000;

async function measure(columnId: string, seed: number): Promise<void> {
  const column = columns.find(({ id }) => id === columnId)!;
  const base = mkdtempSync(join(tmpdir(), 'cupbearer-results-'));
  const engine = await startEngine('auto');
  const context: RunContext = {
    folder: createRunFolder(join(base, 'classifier')),
    dataDir: defaultDataDir(),
    engine,
    resume: false,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  };
  try {
    const tellings: Record<string, unknown> = { ...column.task, seed };
    if (column.classifier) {
      const spec = parseParams(trainClassifier.params, { ...column.classifier, seed });
      writeSpec(context.folder, {
        format: 1,
        kind: 'classifier',
        spec,
        seed,
        engine: engine.id,
        versions: {},
        fingerprints: {},
        parents: [],
        created_at: new Date().toISOString(),
      });
      const { metrics } = await trainClassifier.run(spec, context);
      console.log(JSON.stringify({ column: columnId, seed, classifier: metrics }));
      tellings['run_path'] = context.folder;
    }
    const task = await buildTask(
      parseParams(
        pick(() => taskRegistry, { label: 'Task', help: '' }),
        tellings,
      ),
      context,
    );
    for (const detector of detectorRegistry.ids) {
      const result: Measurement = { column: columnId, seed, detector };
      const start = performance.now();
      try {
        const spec: Picked = parseParams(
          pick(() => detectorRegistry, { label: 'Detector', help: '' }),
          detector,
        );
        const fitted = await fitDetector(spec, task, seed, batchSize, context);
        const { layers, labels } = await scoreTask(fitted, task, seed, batchSize, context);
        const all = layers.get(allLayers) ?? aggregateLayers(Object.fromEntries(layers), 'mean');
        const { value, lower, upper } = aurocInterval(all, labels);
        Object.assign(result, { auroc: value, lower, upper, seconds: (performance.now() - start) / 1000 });
      } catch (error) {
        result.error = toErrorRecord(error).message;
      }
      console.log(JSON.stringify(result));
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

await measure(process.argv[2]!, Number(process.argv[3]));
