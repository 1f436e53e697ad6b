import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrintedRun } from '../../../main/hosts/cli/faults.ts';
import type { RunKind, RunRecord } from '../../../shared/domain/run.ts';
import { startCli, type Ended, type RunningCli } from '../../hosts/cli-process.ts';
import { within } from '../within.ts';
import { ChangeCounter, type Usual } from './moment.ts';

/** Whatever takes this long hangs. */
export const deadlineMs = 120_000;

/** The folders of a loop. */
export interface Place {
  /** Holds both. */
  root: string;
  /** The program's own folder. */
  home: string;
  /** Where commands are given; all run folders lie below it. */
  work: string;
  remove(): void;
}

export function createPlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'cupbearer-kills-'));
  const [home, work] = [join(root, 'home'), join(root, 'work')];
  for (const folder of [home, join(work, 'commands'), join(work, 'served')]) mkdirSync(folder, { recursive: true });
  return { root, home, work, remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }) };
}

const task = [
  '--task', 'backdoor', '--task.run_path', 'whole/classifier', '--task.max_train_size', '100', '--task.max_test_size', '100',
]; // prettier-ignore

/** The command for each kind of run, without its folder: each takes a second or two. */
const commands: Record<RunKind, readonly string[]> = {
  classifier: [
    'train-classifier', '--train_data', 'backdoor', '--train_data.original', 'glyphs', '--train_data.backdoor', 'corner',
    '--train_data.original.limit', '200', '--model', 'mlp', '--model.hidden_dims', '16', '--num_epochs', '30', '--batch_size', '50',
  ],
  detector: ['train-detector', '--detector', 'mahalanobis', ...task],
  evaluation: ['eval-detector', '--detector', 'from_run', '--detector.path', 'whole/detector', ...task],
}; // prettier-ignore

/** The arguments that do a run of this kind in a folder. */
export function runArguments(kind: RunKind, folder: string): string[] {
  return [...commands[kind], '--dir.full', folder];
}

/** The arguments that go on with the training in a folder. */
export function resumeArguments(folder: string): string[] {
  return ['train-classifier', '--resume', '--dir.full', folder];
}

export function startCommand(args: readonly string[], { work: cwd, home }: Place): RunningCli {
  return startCli(args, { cwd, home });
}

/** Resolves when a command has ended by itself. @throws Error with what it wrote where it failed. */
async function succeed(args: readonly string[], place: Place): Promise<Ended> {
  const ended = await within(deadlineMs, `The end of ${args.join(' ')}`, startCommand(args, place).ended);
  if (ended.code === 0) return ended;
  throw new Error(`${args.join(' ')} ended with code ${ended.code}: ${ended.stderr}${ended.stdout}`);
}

/** Starts the program once more and returns all runs that it knows then. */
export async function runsAtNextStart(place: Place): Promise<RunRecord[]> {
  const { stdout } = await succeed(['runs', 'list', '--limit', '1000000', '--json'], place);
  return (JSON.parse(stdout) as PrintedRun[]).map(({ fault, ...run }) => {
    if (fault !== null) throw new Error(`The run ${run.id} cannot be read in full: ${fault}`);
    return run;
  });
}

/** What must come out of a run of each kind, and what such a run usually takes. */
export type Whole = Record<RunKind, { results: string; usual: Usual; id: string }>;

/** Does a run of each kind that nothing disturbs. */
export async function doWhole(place: Place): Promise<Whole> {
  const usual: Partial<Record<RunKind, Usual>> = {};
  for (const kind of ['classifier', 'detector', 'evaluation'] as const) {
    const changes = new ChangeCounter([place.home, place.work]);
    const began = performance.now();
    await succeed(runArguments(kind, join('whole', kind)), place);
    usual[kind] = { ms: performance.now() - began, changes: changes.count };
    changes.close();
  }
  const runs = await runsAtNextStart(place);
  const of = (kind: RunKind) => {
    const run = runs.find((candidate) => candidate.kind === kind)!;
    return { results: resultsOf(run), usual: usual[kind]!, id: run.id };
  };
  return { classifier: of('classifier'), detector: of('detector'), evaluation: of('evaluation') };
}

const resultFiles: Record<RunKind, readonly string[]> = {
  classifier: ['model.safetensors', 'model.json', 'trigger.safetensors'],
  detector: ['detector.safetensors', 'eval.json', 'analysis.json', 'scores'],
  evaluation: ['eval.json', 'analysis.json', 'scores'],
};

/** A hash over the results of a run that is done; "gone: NAME" where a file is not there. */
export function resultsOf({ kind, folder }: RunRecord): string {
  const hash = createHash('sha256');
  for (const name of resultFiles[kind]) {
    const path = join(folder, name);
    if (!existsSync(path)) return `gone: ${name}`;
    const files = name === 'scores' ? readdirSync(path).sort() : [''];
    for (const file of files) hash.update(`${name}/${file}:`).update(readFileSync(join(path, file)));
  }
  return hash.digest('hex');
}
