/** Trains the classifier of one column with one seed, then fits and scores every detector that was not measured before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allLayers, type AttackAim } from '../../shared/domain/evaluation.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { parseParams, pick, type Picked } from '../../shared/schema/fields.ts';
import { defaultDataDir } from '../../main/data/data-dir.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { attackFigures } from '../../main/evaluation/attack-figures.ts';
import { aurocInterval } from '../../main/evaluation/delong.ts';
import { buildTask } from '../../main/runs/work/build-task.ts';
import { poisonShare } from '../../main/runs/work/context-figures.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import type { RunContext } from '../../main/runs/run-definition.ts';
import { TestClasses } from '../../main/runs/work/test-classes.ts';
import { trainClassifier } from '../../main/runs/train-classifier.ts';
import { createRunFolder, writeSpec } from '../../main/storage/run-folder.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import type { Task } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { columns, type Column } from './settings.ts';
import { measured, remember, type Measurement } from './store.ts';

const batchSize = 1000;
const text = { label: '', help: '' };

async function measure(column: Column, seed: number): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'cupbearer-results-'));
  const engine = await startEngine('auto');
  const contextIn = (name: string): RunContext => ({
    folder: createRunFolder(join(base, name)),
    dataDir: defaultDataDir(),
    engine,
    resume: false,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  });
  try {
    const context = contextIn('classifier');
    const attacked = column.attacked && contextIn('attacked');
    if (attacked) await train({ ...column.attacked, seed }, attacked);
    const asked = attacked ? withRunPath(column.classifier, attacked.folder) : column.classifier;
    const metrics = await train({ ...asked, seed }, context);
    const { classifier, detectors } = measured(column, seed);
    const spec = parseParams(
      pick(() => taskRegistry, text),
      { ...column.task, run_path: context.folder, seed },
    );
    const task = await buildTask(spec, context);
    const { aim } = taskRegistry.get(spec.name);
    if (!classifier) {
      const poison = await poisonShare(task, batchSize, context);
      remember(column, seed, { classifier: { ...metrics, poison_share: poison ?? null } });
    }
    for (const detector of detectorRegistry.ids.filter((id) => !detectors.has(id))) {
      remember(
        column,
        seed,
        await tryDetector({ name: detector, ...column.detectors?.[detector] }, task, aim, seed, context),
      );
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** Runs the command of that name in the context's folder. */
async function train(params: Record<string, unknown>, context: RunContext): Promise<Record<string, number | null>> {
  const spec = parseParams(trainClassifier.params, params);
  writeSpec(context.folder, {
    format: 1,
    kind: 'classifier',
    spec,
    seed: spec.seed,
    engine: context.engine.id,
    versions: {},
    fingerprints: {},
    parents: [],
    created_at: new Date().toISOString(),
  });
  return (await trainClassifier.run(spec, context)).metrics;
}

function withRunPath({ train_data: data, ...others }: Column['classifier'], run_path: string): Record<string, unknown> {
  return { ...others, train_data: { ...data, backdoor: { ...(data['backdoor'] as Picked), run_path } } };
}

async function tryDetector(
  asked: Picked,
  task: Task,
  aim: AttackAim | undefined,
  seed: number,
  context: RunContext,
): Promise<Measurement> {
  const start = process.cpuUsage();
  try {
    const spec = parseParams(
      pick(() => detectorRegistry, text),
      asked,
    );
    const fitted = await fitDetector(spec, task, seed, batchSize, context);
    const classes = new TestClasses(task);
    const { layers, labels } = await scoreTask(fitted, task, seed, batchSize, context, [classes]);
    const all = layers.get(allLayers) ?? aggregateLayers(Object.fromEntries(layers), 'mean');
    const { value, lower, upper } = aurocInterval(all, labels);
    const { user, system } = process.cpuUsage(start);
    const { own, label, predicted } = classes;
    const attack = aim && predicted ? attackFigures(all, labels, { own, label, predicted }, aim) : undefined;
    return {
      detector: asked.name,
      auroc: value,
      lower,
      upper,
      ...given({ successful: attack?.successful?.AUC_ROC, otherClasses: attack?.other_classes?.AUC_ROC }),
      seconds: (user + system) / 1e6,
    };
  } catch (error) {
    return { detector: asked.name, error: toErrorRecord(error).message };
  }
}

await measure(
  columns.find(({ id }) => id === process.argv[2])!,
  Number(process.argv[3]),
);
