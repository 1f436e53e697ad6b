import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseParams } from '../../shared/schema/fields.ts';
import type { RunContext, RunOutcome } from '../../main/runs/run-definition.ts';
import { trainClassifier } from '../../main/runs/train-classifier.ts';
import { writeSpec } from '../../main/storage/run-folder.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';

/** A run's context in a new temporary folder; nothing is reported. */
export async function runContext(dataDir = '/nowhere'): Promise<RunContext> {
  return {
    folder: mkdtempSync(join(tmpdir(), 'cupbearer-run-')),
    dataDir,
    engine: await startEngine(engineUnderTest),
    resume: false,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  };
}

/** Trains a classifier into a run folder as the command of that name does. */
export async function trainedClassifier(
  spec: Record<string, unknown>,
  dataDir?: string,
): Promise<RunOutcome & { folder: string }> {
  const context = await runContext(dataDir);
  const parsed = parseParams(trainClassifier.params, spec);
  writeSpec(context.folder, {
    format: 1,
    kind: 'classifier',
    spec: parsed,
    seed: parsed.seed,
    engine: context.engine.id,
    versions: {},
    fingerprints: {},
    parents: [],
    created_at: new Date(0).toISOString(),
  });
  return { ...(await trainClassifier.run(parsed, context)), folder: context.folder };
}
