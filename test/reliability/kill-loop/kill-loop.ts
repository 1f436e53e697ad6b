import { once } from 'node:events';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RunKind, RunRecord } from '../../../shared/domain/run.ts';
import { RandomStream } from '../../../main/tensor/random.ts';
import { computeProcessesOf } from '../../compute-processes.ts';
import { runsEnded, startProgram, type WebProgram } from '../../e2e/program.ts';
import { until, within } from '../within.ts';
import { changesOfOthers, temporaryFiles, unknownFolders, wrongsAtRest } from './checks.ts';
import {
  createPlace,
  deadlineMs,
  doWhole,
  resumeArguments,
  runArguments,
  runsAtNextStart,
  startCommand,
  type Place,
  type Whole,
} from './jobs.ts';
import { drawKill, isGone, killWords, send, untruth, type Kill } from './kill.ts';
import { randomMoment } from './moment.ts';

interface KillLoopOptions {
  /** How many signals are sent. */
  kills: number;
  /** Chooses signals, targets and moments. */
  seed: number;
  /** Hears how it goes on, a line a kill. */
  say?: (line: string) => void;
}

/** What a loop found. */
interface KillLoopReport {
  kills: number;
  runs: number;
  /** How often each signal was sent to each target: "SIGKILL to the host". */
  sent: Record<string, number>;
  /** In how many runs each status was found after a kill. */
  ended: Record<string, number>;
  /** Trainings that were cut off, gone on with, and ended with the bits of a whole one. */
  resumed: number;
  /** The longest that a process was there after its host had gone. */
  longestLeftMs: number;
  /** What does not hold, a sentence each. */
  faults: string[];
}

/**
 * Sends signals at random moments to the command line and to the web host while they do runs, starts the program again after
 * each, and checks that nothing is lost, that all states are true, that no process and no temporary file is left, and that
 * what is done has the results of a run that nothing disturbed.
 */
export async function killLoop({ kills, seed, say = () => undefined }: KillLoopOptions): Promise<KillLoopReport> {
  const place = createPlace();
  let loop: KillLoop | undefined;
  try {
    say(`Seed ${seed}, in ${place.work}`);
    loop = new KillLoop(place, await doWhole(place), say);
    const random = RandomStream.from(seed, 'kill loop');
    for (let round = 0; loop.report.kills < kills; round++) {
      const stream = random.derive(round);
      if (stream.uniform() < 0.7) await loop.killCommand(stream);
      else await loop.killServed(stream, Math.min(2 + stream.integer(4), kills - loop.report.kills));
    }
    await loop.finish();
    return loop.report;
  } finally {
    loop?.killAll();
    place.remove();
  }
}

/** What has gone on between two looks. */
interface Disturbance {
  /** Folders or ids of the runs that may have changed. */
  touched: readonly string[];
  kill?: Kill;
  /** Whether a host is still there. */
  hostRuns?: boolean;
}

class KillLoop {
  readonly report: KillLoopReport = {
    kills: 0,
    runs: 0,
    sent: {},
    ended: {},
    resumed: 0,
    longestLeftMs: 0,
    faults: [],
  };
  readonly #place: Place;
  readonly #whole: Whole;
  readonly #say: (line: string) => void;
  /** All runs, as they were found when the program was last started. */
  #runs: RunRecord[] = [];
  /** Trainings that were cut off at least once. */
  readonly #cutOff = new Set<string>();
  /** Hosts that may still be there. */
  readonly #hosts = new Set<number>();
  /** Temporary files that were told of. */
  readonly #left = new Set<string>();
  #folders = 0;

  constructor(place: Place, whole: Whole, say: (line: string) => void) {
    this.#place = place;
    this.#whole = whole;
    this.#say = say;
  }

  /** Sends one signal to a command that does a run, or goes on with one. */
  async killCommand(random: RandomStream): Promise<void> {
    const { kind, folder, args } = this.#command(random);
    const command = startCommand(args, this.#place);
    const host = command.child.pid!;
    this.#hosts.add(host);
    const parent = join(this.#place.work, 'commands');
    const moment = randomMoment(random, this.#whole[kind].usual, [this.#place.home, parent, folder]);
    const began = performance.now();
    await Promise.race([moment, command.ended]);
    if (command.child.exitCode !== null)
      return this.#check(`${args[0]} ended before its signal`, { touched: [folder] });
    let kill = drawKill(random);
    if (!send(kill, host)) send((kill = { ...kill, target: 'host' }), host);
    const what = `${killWords(kill)} of ${args[0]} after ${Math.round(performance.now() - began)} ms`;
    this.#count(kill);
    const { stderr } = await within(deadlineMs, `The end of ${args[0]} after ${what}`, command.ended);
    if (/^ {4}at /m.test(stderr)) this.#fault(what, `A stack trace on the terminal: ${stderr}`);
    // A user may start the program again at once, while the compute process is still there.
    if (kill.signal !== 'SIGKILL' || random.uniform() < 0.5) await this.#gone(host);
    await this.#check(what, { touched: [folder], kill });
    await this.#gone(host);
  }

  /** Sends signals to compute processes of a web host that goes on, and the last one to the host. */
  async killServed(random: RandomStream, kills: number): Promise<void> {
    const program = await this.#serve();
    for (let left = kills; left > 1; left--) await this.#killComputeOf(program, random);
    const host = program.child.pid!;
    const moment = await this.#queued(program, random, 3);
    await moment.reached;
    const kill = drawKill(random, random.uniform() < 0.5 ? 'host' : 'group');
    send(kill, host);
    this.#count(kill);
    const what = `${killWords(kill)} of the web host`;
    if (program.child.exitCode === null && program.child.signalCode === null)
      await within(deadlineMs, `The end of the web host after ${what}`, once(program.child, 'close'));
    await this.#gone(host);
    await this.#check(what, { touched: moment.ids, kill });
  }

  /** Goes on with all that was cut off, and looks at everything a last time. */
  async finish(): Promise<void> {
    const program = await this.#serve();
    const { skipped } = await program.client.runs.takeUp({ folder: this.#place.work });
    for (const { folder, reason } of skipped) this.#fault('at the end', `"${folder}" was not taken up: ${reason}`);
    const trainings = this.#runs.filter(({ kind, status }) => kind === 'classifier' && status !== 'done');
    for (const { id } of trainings) await program.client.runs.resume({ id });
    const ids = trainings.map(({ id }) => id);
    await within(deadlineMs + 10_000 * ids.length, 'The end of the resumed trainings', runsEnded(program.client, ids));
    // What is left in the folder of a run that failed goes once somebody looks at the run.
    for (const { id } of this.#runs) await program.client.runs.get({ id });
    await program.stop();
    await this.#gone(program.child.pid!);
    await this.#check('at the end', { touched: ids });
    this.#checkLeft('at the end', this.#runs);
    for (const run of this.#runs) {
      if (ids.includes(run.id) && run.status !== 'done')
        this.#fault('at the end', `The run ${run.id} is ${run.status}.`);
      if (this.#cutOff.has(run.id) && run.status === 'done') this.report.resumed++;
    }
    for (const wrong of wrongsAtRest(this.#runs, this.#whole)) this.#fault('at the end', wrong);
    for (const folder of unknownFolders(this.#runs, this.#place)) this.#fault('at the end', `"${folder}" is lost.`);
    this.report.runs = this.#runs.length;
  }

  /** Leaves no process behind where the loop itself has failed. */
  killAll(): void {
    for (const host of this.#hosts) if (!isGone(host)) process.kill(-host, 'SIGKILL');
  }

  /** A run of some kind, or the rest of one that was cut off. */
  #command(random: RandomStream): { kind: RunKind; folder: string; args: string[] } {
    const kind = (['classifier', 'classifier', 'detector', 'evaluation'] as const)[random.integer(4)]!;
    const inCommands = join(this.#place.work, 'commands');
    const unfinished = this.#runs.filter((run) => run.kind === kind && run.status !== 'done');
    const chosen = unfinished[random.integer(Math.max(1, unfinished.length))];
    if (chosen && kind === 'classifier') return { kind, folder: chosen.folder, args: resumeArguments(chosen.folder) };
    // The same evaluation into the same folder begins again; a detector's folder holds a run for good.
    const folder = chosen && kind === 'evaluation' ? chosen.folder : join(inCommands, `${kind}-${++this.#folders}`);
    return { kind, folder, args: runArguments(kind, folder) };
  }

  async #serve(): Promise<WebProgram> {
    const program = await within(
      deadlineMs,
      'The start of the web host',
      startProgram(this.#place.home, 0, { CUPBEARER_ROOT: this.#place.root }, { ownGroup: true }),
    );
    this.#hosts.add(program.child.pid!);
    await program.client.app.change({ runsDir: join(this.#place.work, 'served'), parallelJobs: 2 });
    return program;
  }

  /** Queues runs in a web host; `reached` resolves at a random moment of their course. */
  async #queued(
    { client }: WebProgram,
    random: RandomStream,
    count: number,
  ): Promise<{ ids: string[]; reached: Promise<void> }> {
    const ids: string[] = [];
    const kinds = Array.from({ length: count }, () => (['classifier', 'detector'] as const)[random.integer(2)]!);
    const served = join(this.#place.work, 'served');
    const usual = this.#whole[kinds[0]!].usual;
    const reached = randomMoment(random, usual, [this.#place.home, served]);
    for (const kind of kinds) {
      const known = await Promise.all(
        this.#runs
          .filter((run) => run.kind === 'classifier' && run.status !== 'done' && !ids.includes(run.id))
          .slice(0, 1)
          .map(({ id }) => client.runs.get({ id })),
      );
      const cutOff = known.find(({ record }) => !['done', 'running', 'queued'].includes(record.status));
      if (kind === 'classifier' && cutOff) {
        await client.runs.resume({ id: cutOff.record.id });
        ids.push(cutOff.record.id);
      } else ids.push((await client.runs.repeat({ id: this.#whole[kind].id })).id);
    }
    return { ids, reached };
  }

  /** Ends a compute process of a web host, which must go on with its other runs. */
  async #killComputeOf(program: WebProgram, random: RandomStream): Promise<void> {
    const host = program.child.pid!;
    const kill = drawKill(random, 'compute');
    for (let sent = false; !sent;) {
      const { ids, reached } = await this.#queued(program, random, 2);
      let isOver = false;
      const ended = runsEnded(program.client, ids).then(() => (isOver = true));
      await Promise.race([reached, ended]);
      // Between two runs there is none.
      await until(deadlineMs, 'A signal to a compute process', () => (sent = send(kill, host)) || isOver);
      if (sent) this.#count(kill);
      await within(deadlineMs, `The end of runs after ${killWords(kill)}`, ended);
      await until(deadlineMs, 'The end of all compute processes', () => computeProcessesOf(host).length === 0);
      const what = sent ? `${killWords(kill)} of the web host` : 'runs of the web host ended before their signal';
      await this.#check(what, { touched: ids, ...(sent ? { kill } : {}), hostRuns: true });
    }
  }

  /** Waits until nothing is left of a program. */
  async #gone(host: number): Promise<void> {
    const began = performance.now();
    await until(deadlineMs, `The end of all processes of ${host}`, () => isGone(host));
    this.#hosts.delete(host);
    this.report.longestLeftMs = Math.max(this.report.longestLeftMs, performance.now() - began);
  }

  /** Starts the program once more and looks whether all is well. */
  async #check(what: string, { touched, kill, hostRuns = false }: Disturbance): Promise<void> {
    const before = this.#runs;
    const after = await runsAtNextStart(this.#place);
    this.#runs = after;
    const isTouched = ({ id, folder }: RunRecord) => touched.includes(folder) || touched.includes(id);
    for (const wrong of changesOfOthers(before, after, isTouched)) this.#fault(what, wrong);
    const earlier = new Map(before.map((run) => [run.id, run]));
    const changed = after.filter((run) => !isDeepStrictEqual(earlier.get(run.id), run));
    for (const wrong of wrongsAtRest(changed, this.#whole)) this.#fault(what, wrong);
    for (const run of changed.filter(isTouched)) {
      const wrong = kill && untruth(kill, run);
      if (wrong !== undefined) this.#fault(what, `The ${run.kind} ${run.id} ${wrong}.`);
      if (run.kind === 'classifier' && run.status !== 'done') this.#cutOff.add(run.id);
      if (kill) this.report.ended[run.status] = (this.report.ended[run.status] ?? 0) + 1;
    }
    // A host that goes on may be writing just now.
    const cutOff = changed.filter(({ status }) => status === 'interrupted');
    if (!hostRuns) this.#checkLeft(what, cutOff);
    const states = changed.filter(isTouched).map(({ kind, status }) => `${kind} ${status}`);
    this.#say(`${this.report.kills}. ${what}: ${states.join(', ') || 'no run'}`);
  }

  /** Looks for temporary files in the program's own folder and in those of runs. */
  #checkLeft(what: string, runs: readonly RunRecord[]): void {
    for (const file of temporaryFiles(runs, this.#place.home)) {
      if (!this.#left.has(file)) this.#fault(what, `"${file}" was left.`);
      this.#left.add(file);
    }
  }

  #count(kill: Kill): void {
    const words = killWords({ ...kill, twice: false });
    this.report.kills++;
    this.report.sent[words] = (this.report.sent[words] ?? 0) + 1;
  }

  #fault(what: string, fault: string): void {
    this.report.faults.push(`Kill ${this.report.kills} (${what}): ${fault}`);
  }
}
