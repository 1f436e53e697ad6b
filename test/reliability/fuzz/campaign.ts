import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  parsersVariable,
  progressBytes,
  progressOf,
  progressVariable,
  scratchVariable,
  type Counts,
  type Finding,
  type FromWorker,
  type Progress,
  type ToWorker,
} from './protocol.ts';

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** The module with the parsers of the program. */
const ownParsers = new URL('./parsers/index.ts', import.meta.url);

interface CampaignOptions {
  /** Module that exports `parsers`; those of the program unless given. */
  module?: URL;
  seed: number;
  /** An input that takes longer hangs. */
  deadlineMs?: number;
}

/** How a parser has done. */
export interface ParserReport extends Counts {
  parser: string;
  /** Of each kind of fault the first input, and how many others there were. */
  findings: (Finding & { more: number })[];
}

/** How long the start of a worker and the seeds of a parser may take. */
const startMs = 60_000;

/** After so many findings of one parser that have each cost a process and its time, its other inputs are skipped. */
const mostProcesses = 4;

/** Runs parsers on inputs in a process of its own, which is started again where an input ends it or holds it up. */
export class Campaign {
  readonly #options: Required<CampaignOptions>;
  readonly #scratch = mkdtempSync(join(tmpdir(), 'cupbearer-fuzz-'));
  readonly #reports = new Map<string, ParserReport>();
  readonly #next = new Map<string, number>();
  #worker: FuzzWorker | undefined;

  constructor(options: CampaignOptions) {
    this.#options = { module: ownParsers, deadlineMs: 20_000, ...options };
  }

  get reports(): ParserReport[] {
    return [...this.#reports.values()];
  }

  /** Gives the next `count` inputs to a parser. */
  async give(parser: string, count: number): Promise<ParserReport> {
    const report = this.#report(parser);
    const end = (this.#next.get(parser) ?? 0) + count;
    for (let from = end - count; from < end;) {
      if (processesOf(report) >= mostProcesses) break;
      const { counts, ended } = await this.#ask(
        { type: 'inputs', parser, seed: this.#options.seed, from, count: end - from },
        report,
      );
      if (counts) add(report, counts);
      if (!ended) break;
      note(report, { parser, ...ended });
      // A parser whose seeds cannot be made gets no further.
      if (Number.isNaN(ended.index)) break;
      // How many of them were read and how many refused, the process has taken with it.
      report.inputs += ended.index + 1 - from;
      from = ended.index + 1;
    }
    this.#next.set(parser, end);
    return report;
  }

  /** Gives one input, read from a file, to a parser. */
  async giveFile(parser: string, path: string): Promise<ParserReport> {
    const report = this.#report(parser);
    const { counts, ended } = await this.#ask({ type: 'input', parser, path }, report);
    if (counts) add(report, counts);
    if (ended) note(report, { parser, ...ended });
    return report;
  }

  close(): void {
    this.#worker?.kill();
    rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 5 });
  }

  #report(parser: string): ParserReport {
    const report = this.#reports.get(parser) ?? {
      parser,
      inputs: 0,
      read: 0,
      refused: 0,
      memory: 0,
      ms: 0,
      findings: [],
    };
    this.#reports.set(parser, report);
    return report;
  }

  async #ask(message: ToWorker, report: ParserReport): Promise<{ counts?: Counts; ended?: Ended }> {
    this.#worker ??= new FuzzWorker(this.#options.module, this.#scratch);
    const { counts, ended, findings } = await this.#worker.ask(message, this.#options.deadlineMs);
    for (const finding of findings) note(report, finding);
    // After an input that took much memory, the peak hides what later ones take.
    if (ended || findings.some(({ kind }) => kind === 'memory')) {
      this.#worker.kill();
      this.#worker = undefined;
    }
    return { ...(counts ? { counts } : {}), ...(ended ? { ended } : {}) };
  }
}

function processesOf({ findings }: ParserReport): number {
  return findings.reduce((sum, { kind, more }) => sum + (kind === 'threw' || kind === 'wrong' ? 0 : 1 + more), 0);
}

function add(report: ParserReport, counts: Counts): void {
  report.inputs += counts.inputs;
  report.read += counts.read;
  report.refused += counts.refused;
  report.memory = Math.max(report.memory, counts.memory);
  report.ms = Math.max(report.ms, counts.ms);
}

/** Adds a finding; one of the same kind at the same place of the program only counts. */
function note(report: ParserReport, finding: Finding): void {
  const known = report.findings.find((other) => placeOf(other) === placeOf(finding));
  if (known) known.more++;
  else
    report.findings.push({
      parser: finding.parser,
      kind: finding.kind,
      what: finding.what,
      input: finding.input,
      more: 0,
    });
}

/** What two findings of the same fault have in common: kind, words without what the input brought in, and where it was thrown. */
function placeOf({ kind, what }: Finding): string {
  const [message = '', ...stack] = what.split('\n');
  const thrownAt = stack.find((line) => /^\s+at .*\/(main|shared|renderer|test)\//.test(line)) ?? '';
  return [kind, message.replaceAll(/"[^"]*"|'[^']*'|\d+/g, '').slice(0, 60), thrownAt].join('\n');
}

/** How an input ended the worker, or held it up. */
interface Ended {
  kind: 'hung' | 'crashed';
  what: string;
  index: number;
  input: Uint8Array;
}

/** The process that runs parsers. */
class FuzzWorker {
  readonly #child: ChildProcess;
  readonly #progress: string;
  #errors = '';
  #listen: (message: FromWorker) => void = () => undefined;

  constructor(module: URL, scratch: string) {
    this.#progress = join(scratch, 'progress');
    writeFileSync(this.#progress, '');
    this.#child = fork(worker, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      // A parser that fills the heap ends soon, and does not take the machine with it.
      execArgv: [...process.execArgv, '--max-old-space-size=1024'],
      env: {
        ...process.env,
        CUPBEARER_HOME: join(scratch, 'home'),
        [parsersVariable]: module.href,
        [progressVariable]: this.#progress,
        [scratchVariable]: scratch,
      },
    });
    this.#child.stderr!.on('data', (chunk) => (this.#errors = (this.#errors + String(chunk)).slice(-4000)));
    this.#child.on('message', (message) => this.#listen(message as FromWorker));
  }

  /** Has it work on some inputs, until it is done, has ended or does not get on. */
  ask(message: ToWorker, deadlineMs: number): Promise<{ counts?: Counts; ended?: Ended; findings: Finding[] }> {
    const findings: Finding[] = [];
    writeFileSync(this.#progress, progressBytes({ index: NaN, input: new Uint8Array() }));
    return new Promise((resolve) => {
      let seen = { index: NaN, since: performance.now() };
      const timer = setInterval(() => {
        const now = this.#at();
        const most = Number.isNaN(now.index) ? Math.max(startMs, deadlineMs) : deadlineMs;
        if (!Object.is(now.index, seen.index)) seen = { index: now.index, since: performance.now() };
        else if (performance.now() - seen.since > most)
          end({ kind: 'hung', what: `It took longer than ${most / 1000} s.`, ...now });
      }, 100);
      const onExit = (code: number | null, signal: string | null) => {
        const what = `The process ended with ${signal ?? `code ${code}`}.\n${this.#errors}`;
        end({ kind: 'crashed', what, ...this.#at() });
      };
      const end = (ended?: Ended, counts?: Counts) => {
        clearInterval(timer);
        this.#child.off('exit', onExit);
        this.#listen = () => undefined;
        resolve({ findings, ...(ended ? { ended } : {}), ...(counts ? { counts } : {}) });
      };
      this.#listen = (heard) => {
        if (heard.type === 'finding') findings.push(heard.finding);
        else if (heard.type === 'done') end(undefined, heard.counts);
      };
      this.#child.on('exit', onExit);
      this.#child.send(message);
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #at(): Progress {
    return progressOf(readFileSync(this.#progress));
  }
}
