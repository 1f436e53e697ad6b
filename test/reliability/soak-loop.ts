import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { childrenOf } from '../compute-processes.ts';
import { runsEnded, startProgram, temporaryHome, type WebProgram } from '../e2e/program.ts';
import { numbered } from '../../shared/format.ts';
import { within } from './within.ts';

/** Whether the system tells which descriptors a process has open. */
export const canListDescriptors = existsSync('/proc/self/fd');

interface SoakOptions {
  /** How many runs are done in the queue of one web host; 2 at least. */
  runs: number;
  say?: (line: string) => void;
}

/** What a web host holds while nothing goes on in it. */
interface Held {
  runs: number;
  /** Open descriptors; null where the system does not tell. */
  descriptors: number | null;
  children: number;
  /** Resident memory, bytes. */
  memory: number;
}

/** What a soak found. */
export interface SoakReport {
  /** How often runs ended in each status. */
  ended: Record<string, number>;
  /** After the first runs, when all is loaded that ever will be. */
  warm: Held;
  /** All looks, the last one at the end. */
  looks: Held[];
}

/** Runs after which the host has loaded all that it needs. */
const warmAfter = 10;

/** How many runs wait in the queue at once. */
const batch = 10;

/** A run takes a second or two; whatever takes this long hangs. */
const deadlineMs = 300_000;

/** A training and a detector on what it has trained. */
const draft = {
  preset: '',
  classifier: {
    source: 'train' as const,
    params: {
      train_data: { name: 'toy-features', samples: 200 },
      model: { name: 'mlp', hidden_dims: [8] },
      num_epochs: 1,
      batch_size: 100,
    },
  },
  task: { name: 'toy-features' },
  detectors: [{ name: 'mahalanobis' }],
  evaluation: { analysis: false },
  engine: 'auto',
  tags: [],
};

/** Does many tiny runs in one web host and looks at what it holds between them. */
export async function soakLoop({ runs, say = () => undefined }: SoakOptions): Promise<SoakReport> {
  const { home, remove } = temporaryHome();
  const program = await startProgram(home, 0, { CUPBEARER_ROOT: home });
  const stopWatching = watchRuns(program);
  const report: Omit<SoakReport, 'warm'> & { warm?: Held } = { ended: {}, looks: [] };
  try {
    await program.client.app.change({ parallelJobs: 2, runsDir: join(home, 'runs') });
    const { ids: first } = await program.client.drafts.start({ draft });
    for (let done = 0; done < runs;) {
      const count = Math.min(done < warmAfter ? warmAfter : batch, runs - done);
      const ids = done === 0 ? [...first] : [];
      while (ids.length < count) ids.push((await program.client.runs.repeat({ id: first[ids.length % 2]! })).id);
      const statuses = await within(deadlineMs, `The end of ${count} runs`, runsEnded(program.client, ids));
      for (const status of statuses) report.ended[status] = (report.ended[status] ?? 0) + 1;
      done += count;
      const held = await heldAtRest(program, done);
      report.warm ??= held;
      report.looks.push(held);
      say(heldWords(held));
    }
    return { ...report, warm: report.warm! };
  } finally {
    await stopWatching();
    await program.stop();
    remove();
  }
}

/** Says what a web host holds at the end that it did not hold when it was warm, and which runs did not end well. */
export function faultsOfSoak({ ended, warm, looks }: SoakReport): string[] {
  const end = looks.at(-1);
  const badly = Object.entries(ended).filter(([status]) => status !== 'done');
  return [
    ...badly.map(([status, count]) => `${numbered(count, 'run')} of the soak ended as "${status}".`),
    ...(end.children > warm.children
      ? [`${end.children} child processes at the end, ${warm.children} when warm.`]
      : []),
    ...((end.descriptors ?? 0) > (warm.descriptors ?? 0)
      ? [`${end.descriptors} descriptors are open at the end, ${warm.descriptors} were when warm.`]
      : []),
  ];
}

/** Listens to all changes of the catalogue, as the window does. */
function watchRuns({ client }: WebProgram): () => Promise<void> {
  const abort = new AbortController();
  const watching = (async () => {
    for await (const _ of await client.runs.watch({}, { signal: abort.signal })) if (abort.signal.aborted) return;
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  return async () => {
    abort.abort();
    await watching;
  };
}

/** What the host holds once that no longer becomes less: processes end, and their pipes close, a moment after their runs. */
async function heldAtRest(program: WebProgram, runs: number): Promise<Held> {
  for (let before = held(program, runs); ;) {
    await setTimeout(300);
    const now = held(program, runs);
    if (now.children >= before.children && (now.descriptors ?? 0) >= (before.descriptors ?? 0)) return now;
    before = now;
  }
}

function held({ child }: WebProgram, runs: number): Held {
  const pid = child.pid!;
  const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return {
    runs,
    descriptors: canListDescriptors ? readdirSync(`/proc/${pid}/fd`).length : null,
    children: childrenOf(pid).length,
    memory: Number(kilobytes) * 1024,
  };
}

/** "40 runs: 31 descriptors, 0 child processes, 143 MB". */
function heldWords({ runs, descriptors, children, memory }: Held): string {
  const open = descriptors === null ? '' : `${descriptors} descriptors, `;
  return `${runs} runs: ${open}${children} child processes, ${Math.round(memory / 1e6)} MB`;
}
