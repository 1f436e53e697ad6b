import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharedCompileCache } from '../private-cache.ts';
import { sharedFolder } from '../shared-folder.ts';

const cli = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));

/** Twenty cells of the size of the quick suite, and the four classifiers that they build on. */
const twentyCells = {
  name: 'Twenty',
  seeds: 4,
  training: { num_epochs: 6, batch_size: 64, model: { name: 'mlp', hidden_dims: [64, 64] } },
  tasks: [
    {
      name: 'backdoor',
      label: 'Corner',
      classifier: {
        train_data: { name: 'backdoor', original: 'glyphs', backdoor: { name: 'corner', p_backdoor: 0.1 } },
      },
      trusted_fraction: 0.5,
      max_train_size: 2000,
      max_test_size: 1000,
    },
  ],
  detectors: ['mahalanobis', 'que', 'knn', 'spectral', 'max-softmax'],
  evaluation: { analysis: false },
};

/** The acceptance job as an experiment of one cell. */
const oneCell = {
  name: 'One cell',
  seeds: 1,
  training: { num_epochs: 3, batch_size: 64, model: { name: 'mlp', hidden_dims: [128, 128] } },
  tasks: [
    {
      name: 'backdoor',
      label: 'Corner',
      classifier: { train_data: { name: 'backdoor', original: 'mnist', backdoor: 'corner' } },
    },
  ],
  detectors: ['mahalanobis'],
};

/** How an experiment went. */
interface Measured {
  /** From the start of the command to its end. */
  seconds: number;
  /** Milliseconds by phase of each kind of run, all runs of it together, with `total`. */
  phases: Record<string, Record<string, number>>;
}

/** Computes an experiment from nothing, in a home of its own. */
async function compute(
  spec: object,
  { engine, jobs, data }: { engine: string; jobs: number; data?: string },
): Promise<Measured> {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-bench-'));
  try {
    const file = join(place, 'experiment.json');
    writeFileSync(file, JSON.stringify({ ...spec, engine }));
    const start = performance.now();
    const { code, errors } = await new Promise<{ code: number | null; errors: string }>((resolve, reject) => {
      const args = ['experiment', 'run', file, '--jobs', String(jobs), '--dir.full', join(place, 'out')];
      const child = spawn(process.execPath, [cli, ...args], {
        env: {
          ...process.env,
          ...sharedCompileCache,
          CUPBEARER_HOME: join(place, 'home'),
          ...(data === undefined ? {} : { CUPBEARER_DATA: data }),
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let text = '';
      child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
      child.on('error', reject);
      child.on('close', (ended) => resolve({ code: ended, errors: text }));
    });
    const seconds = (performance.now() - start) / 1000;
    if (code !== 0) throw new Error(`The experiment ended with code ${code}: ${errors}`);
    return { seconds, phases: phasesBelow(join(place, 'out')) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function phasesBelow(folder: string): Measured['phases'] {
  const phases: Measured['phases'] = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('run.json')) continue;
    const run = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      kind: string;
      timings: Record<string, number>;
    };
    const own = (phases[run.kind] ??= {});
    for (const [phase, ms] of Object.entries(run.timings)) own[phase] = (own[phase] ?? 0) + ms;
  }
  return phases;
}

/** Seconds that twenty cells take with one job and with two, taken in turns so that other work on the machine weighs on both. */
export async function sideBySide(engine: string, rounds: number): Promise<{ one: number; two: number }> {
  const seconds: Record<1 | 2, number[]> = { 1: [], 2: [] };
  for (let round = 0; round < rounds; round++)
    for (const jobs of [1, 2] as const) seconds[jobs].push((await compute(twentyCells, { engine, jobs })).seconds);
  return { one: median(seconds[1]), two: median(seconds[2]) };
}

/** The acceptance job as an experiment of one cell, and as a practised user of PyTorch writes it. */
interface Practised {
  ours: number;
  /** Undefined where PyTorch and scikit-learn are not installed, or the script is not there. */
  pytorch: number | undefined;
  /** Where our time goes, seconds by what is done, in order. */
  parts: Record<string, number>;
}

/** Measures both in turns. @param data Where MNIST is. */
export async function oneCellAgainstPytorch(data: string, engine: string, rounds: number): Promise<Practised> {
  const script = sharedFolder && join(sharedFolder, 'reference', 'practised_pytorch.py');
  const ours: Measured[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await compute(oneCell, { engine, jobs: 1, data }));
    const seconds = script && existsSync(script) ? practisedSeconds(script, join(data, 'mnist')) : undefined;
    if (seconds !== undefined) theirs.push(seconds);
  }
  const middle = median(ours.map(({ seconds }) => seconds));
  const typical = ours.find(({ seconds }) => seconds === middle) ?? ours[0]!;
  return { ours: middle, pytorch: theirs.length === 0 ? undefined : median(theirs), parts: partsOf(typical) };
}

function practisedSeconds(script: string, folder: string): number | undefined {
  const python = process.env['PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3');
  const start = performance.now();
  const { status } = spawnSync(python, [script, folder], { encoding: 'utf8' });
  return status === 0 ? (performance.now() - start) / 1000 : undefined;
}

/** What is not in a phase of a run is the start of the command and of the compute process, and what the host writes. */
function partsOf({ seconds, phases: { classifier = {}, detector = {} } }: Measured): Record<string, number> {
  const of = (run: Record<string, number>, ...names: string[]) =>
    names.reduce((sum, name) => sum + (run[name] ?? 0), 0) / 1000;
  const parts = {
    data: of(classifier, 'data') + of(detector, 'data'),
    training: of(classifier, 'training'),
    fit: of(detector, 'fitting'),
    'evaluation with intervals': of(detector, 'evaluating', 'metrics'),
    'figures and analysis': of(classifier, 'figures') + of(detector, 'figures', 'analysis'),
  };
  const named = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { start: seconds - named, ...parts };
}

/** The middle one of some values, which one of them has; of two the larger. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
