import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { toErrorRecord } from '../../../shared/errors.ts';
import { Workbench } from '../../../main/api/workbench.ts';
import { readFolderList } from '../../../main/storage/folder-list.ts';
import { RandomStream } from '../../../main/tensor/random.ts';
import { within } from '../within.ts';
import { rewritten, writerFolder } from './files.ts';
import { forgottenIn, runId, wrongsOf, type RunStep } from './runs.ts';

const entry = fileURLToPath(new URL('./writer.ts', import.meta.url));

/** Whatever takes this long hangs. */
const deadlineMs = 120_000;

/** The longest that a writer writes before it is killed, by which time it has written everything several times. */
const longestMs = 400;

interface StorageKillLoopOptions {
  /** How many writers are killed. */
  kills: number;
  /** Chooses how many writers there are at once and when each is killed. */
  seed: number;
  say?: (line: string) => void;
}

/** What a loop found. */
interface StorageKillLoopReport {
  kills: number;
  /** How many times anything was written whole. */
  writes: number;
  /** What does not hold, a sentence each. */
  faults: string[];
}

/**
 * Kills processes that write files, runs and the catalogue, one or two at once, at random moments, and checks after each
 * that every file is wholly of one generation, that nothing that was finished is lost, and that the catalogue opens and
 * agrees with the folders.
 */
export async function storageKillLoop(options: StorageKillLoopOptions): Promise<StorageKillLoopReport> {
  const { kills, seed, say = () => undefined } = options;
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-storage-kills-'));
  const report: StorageKillLoopReport = { kills: 0, writes: 0, faults: [] };
  const writers = [0, 1].map((number) => new Writer(place, number));
  const random = RandomStream.from(seed, 'storage kill loop');
  const known = new Set<string>();
  try {
    say(`Seed ${seed}, in ${place}`);
    while (report.kills < kills) {
      const count = Math.min(1 + random.integer(2), kills - report.kills);
      const killed = writers.slice(0, count);
      await Promise.all(killed.map((writer) => writer.writeUntilKilled(random.uniform() * longestMs)));
      report.kills += count;
      const found = [...killed.flatMap((writer) => writer.faultsOfFiles()), ...faultsOfRuns(place, writers)];
      // What was not mended is found again after every later kill.
      const faults = found.filter((fault) => !known.has(fault));
      for (const fault of faults) known.add(fault);
      report.faults.push(...faults.map((fault) => `Kill ${report.kills}: ${fault}`));
      const generations = killed.map(({ generation }) => generation).join(' and ');
      say(`${report.kills}. killed in generation ${generations}${faults.length > 0 ? `: ${faults.join(' ')}` : ''}`);
    }
    report.writes = writers.reduce((sum, { writes }) => sum + writes, 0);
    return report;
  } finally {
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A process that writes, started again after each kill where the one before left off. */
class Writer {
  readonly number: number;
  /** How many times anything was written whole. */
  writes = 0;
  /** The generation that it was in when it was killed. */
  generation = 1;
  /** What was finished of each run, by id. */
  readonly steps = new Map<string, Set<RunStep>>();
  /** The last generation of each kind of file that was finished. */
  readonly #files = rewritten.map(() => 0);
  readonly #place: string;

  constructor(place: string, number: number) {
    this.#place = place;
    this.number = number;
  }

  /** Lets the process write, and kills it so long after its first write. @throws Error where it ends by itself. */
  async writeUntilKilled(ms: number): Promise<void> {
    const child = spawn(process.execPath, [entry, this.#place, String(this.number), String(this.generation + 1)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += String(chunk)));
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => this.#hear(line));
    const closed = once(child, 'close') as Promise<[number | null, string | null]>;
    try {
      await within(deadlineMs, 'The first write', Promise.race([once(lines, 'line'), closed]));
      await setTimeout(ms);
    } finally {
      child.kill('SIGKILL');
    }
    const [code] = await within(deadlineMs, 'The end of a writer', closed);
    if (code !== null) throw new Error(`A writer ended with code ${code}: ${errors}`);
  }

  /** What is wrong with its files. */
  faultsOfFiles(): string[] {
    const folder = writerFolder(this.#place, this.number);
    return rewritten.flatMap(({ name, read }, i) => {
      try {
        const found = read(folder);
        const last = this.#files[i]!;
        this.#files[i] = Math.max(last, found);
        // It may have been killed before it could tell of the last one.
        const isRight = found >= last && found <= this.generation + 1;
        return isRight ? [] : [`${name} is of generation ${found}, expected ${last} to ${this.generation + 1}.`];
      } catch (error) {
        return [`${name}: ${toErrorRecord(error).message}`];
      }
    });
  }

  /** Ids of runs that were inserted and are not in the catalogue, though nobody has removed them. */
  lostRuns(runs: ReadonlyMap<string, unknown>): string[] {
    // It may have been killed between forgetting a run and telling so.
    const last = this.steps.get(runId(this.number, forgottenIn(this.generation)));
    if (last && !runs.has(runId(this.number, forgottenIn(this.generation)))) last.add('forgotten');
    return [...this.steps].filter(([id, steps]) => !runs.has(id) && !steps.has('forgotten')).map(([id]) => id);
  }

  #hear(line: string): void {
    const [what = '', generation = ''] = line.split(' ');
    this.writes++;
    if (what.startsWith('file-')) {
      this.generation = Number(generation);
      this.#files[Number(what.slice('file-'.length))] = this.generation;
    } else {
      const id = runId(this.number, Number(generation));
      this.steps.set(id, (this.steps.get(id) ?? new Set()).add(what as RunStep));
    }
  }
}

/** What is wrong with the catalogue and with the runs of all writers at the next start. */
function faultsOfRuns(place: string, writers: readonly Writer[]): string[] {
  const workbench = new Workbench(join(place, 'catalogue.sqlite'));
  try {
    const { catalogue } = workbench;
    const { quickCheck } = catalogue.health();
    const runs = new Map(catalogue.list().map((run) => [run.id, run]));
    const listed = new Set(readFolderList(catalogue.path));
    const steps = new Map(writers.flatMap((writer) => [...writer.steps]));
    return [
      // A run whose run.json was written before its row was committed is taken up, and that is said.
      ...catalogue.notices.filter((notice) => !notice.startsWith('Runs that the catalogue did not have')),
      ...(quickCheck === 'ok' ? [] : [`The catalogue is damaged: ${quickCheck}.`]),
      ...writers.flatMap((writer) => writer.lostRuns(runs).map((id) => `The run ${id} is lost.`)),
      ...[...runs.values()].flatMap((run) =>
        listed.has(run.folder) ? [] : [`The folder of ${run.id} is not listed.`],
      ),
      ...[...runs.values()].flatMap((run) => wrongsOf(run, steps.get(run.id) ?? new Set())),
    ];
  } catch (error) {
    return [`At the next start: ${toErrorRecord(error).message}`];
  } finally {
    workbench.close();
  }
}
