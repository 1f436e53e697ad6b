/** Fits and scores each detector that the peer has on its own acceptance job's activations, in a process of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseParams, pick } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { buildTask } from '../../main/runs/work/build-task.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import type { RunContext } from '../../main/runs/run-definition.ts';
import { trainClassifier } from '../../main/runs/train-classifier.ts';
import { createRunFolder, writeSpec } from '../../main/storage/run-folder.ts';
import { taskRegistry } from '../../main/tasks/index.ts';
import { startEngine } from '../../main/tensor/engine.ts';

/** A detector measured beside what the peer takes for it (fit and score of 10,000; seconds, two threads, its data path included). */
interface DetectorBench {
  detector: string;
  params?: Record<string, unknown>;
  /** Share of the 60,000 that is trusted, where the peer learns from both halves or from the other alone. */
  trusted?: number;
  peer: number;
}

export const detectorBenches: readonly DetectorBench[] = [
  { detector: 'mahalanobis', peer: 34.9 + 2.2 },
  { detector: 'spectral', trusted: 0.5, peer: 17.7 + 2.5 },
  { detector: 'que', trusted: 0.5, peer: 28.7 + 2 },
  { detector: 'beatrix', peer: 40.4 + 33.5 },
  { detector: 'ted', peer: 8.7 + 78.9 },
  { detector: 'vae', peer: 61 + 2.8 },
  { detector: 'abstraction', peer: 28.4 + 2.5 },
  { detector: 'finetuning', peer: 30.1 + 1.9 },
  { detector: 'supervised-probe', trusted: 0, peer: 24.1 + 1.6 },
];

/** What fitting on 60,000 and scoring 10,000 took. */
interface DetectorTiming {
  /** Processor time of all threads, seconds: what the machine's other work does not change much. */
  cpu: number;
  wall: number;
  /** Largest resident memory of the process, bytes. */
  peakBytes: number;
}

const text = { label: '', help: '' };

async function contextIn(folder: string, dataDir: string, engine: string): Promise<RunContext> {
  return {
    folder,
    dataDir,
    engine: await startEngine(engine),
    resume: false,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  };
}

/** Trains the acceptance job's classifier, one epoch of it, and measures each detector on it. */
export async function runDetectorBenches(
  dataDir: string,
  benches: readonly DetectorBench[],
  engine: string,
  tell: (bench: DetectorBench, timing: DetectorTiming) => void,
): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'cupbearer-bench-'));
  try {
    const folder = createRunFolder(join(base, 'classifier'));
    const context = await contextIn(folder, dataDir, engine);
    const spec = parseParams(trainClassifier.params, {
      train_data: { name: 'backdoor', original: 'mnist', backdoor: 'corner' },
      model: { name: 'mlp', hidden_dims: [128, 128] },
      batch_size: 64,
      num_epochs: 1,
    });
    const created_at = new Date().toISOString();
    const file = { format: 1, kind: 'classifier', spec, seed: 0, engine: null, versions: {} } as const;
    writeSpec(folder, { ...file, fingerprints: {}, parents: [], created_at });
    await trainClassifier.run(spec, context);
    for (const bench of benches) {
      const args = [fileURLToPath(import.meta.url), folder, dataDir, JSON.stringify(bench), engine];
      const { status, stdout } = spawnSync(process.execPath, args, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (status !== 0) throw new Error(`${bench.detector} ended with code ${status}`);
      tell(bench, JSON.parse(stdout) as DetectorTiming);
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function measure(folder: string, dataDir: string, bench: DetectorBench, engine: string): Promise<DetectorTiming> {
  const context = await contextIn(folder, dataDir, engine);
  const { detector: name, params, trusted = 1 } = bench;
  const asked = { name: 'backdoor', run_path: folder, trusted_fraction: trusted, untrusted_labels: true };
  const task = await buildTask(
    parseParams(
      pick(() => taskRegistry, text),
      asked,
    ),
    context,
  );
  const spec = parseParams(
    pick(() => detectorRegistry, text),
    { name, ...params },
  );
  const [cpuStart, start] = [process.cpuUsage(), performance.now()];
  const fitted = await fitDetector(spec, task, 0, 1000, context);
  await scoreTask(fitted, task, 0, 1000, context);
  const { user, system } = process.cpuUsage(cpuStart);
  return {
    cpu: (user + system) / 1e6,
    wall: (performance.now() - start) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder, dataDir, bench, engine] = process.argv;
  console.log(JSON.stringify(await measure(folder!, dataDir!, JSON.parse(bench!) as DetectorBench, engine!)));
}
