/** `npm run bench:runs [-- --runs N]`: what a catalogue of 100,000 runs costs the host, against what it may cost. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import BetterSqlite from 'better-sqlite3';
import type { CatalogueEvent, RunSummary } from '../../../shared/domain/live.ts';
import { cataloguePath } from '../../../main/storage/home.ts';
import { temporaryHome } from '../../e2e/program.ts';
import { clientOver, openSocket, signIn, type Client } from '../../hosts/web-client.ts';
import { seedRuns } from '../../seeded-runs.ts';
import type { HostState } from './host.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '100000' } } });
const count = Number(values.runs);
/** Runs that another process changes at once. */
const changed = 10;
const loopLimitMs = 50;
const memoryLimit = 250e6;

function tell(what: string, shown: string, verdict = ''): void {
  process.stdout.write(`${what.padEnd(52)}${shown.padStart(12)}   ${verdict}\n`);
}

const ms = (value: number) => `${value.toFixed(0)} ms`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/** What the host says of its loop and its memory since it was asked last. */
async function stateOf(host: ChildProcess): Promise<HostState> {
  host.send('state');
  const [state] = (await once(host, 'message')) as [HostState];
  return state;
}

function tellState(what: string, { longestDelayMs, rss, peakRss }: HostState): void {
  const verdict = (isBelow: boolean, limit: string) => `${isBelow ? 'below' : 'ABOVE'} ${limit}`;
  tell(
    `${what}: longest delay of the loop`,
    ms(longestDelayMs),
    verdict(longestDelayMs < loopLimitMs, ms(loopLimitMs)),
  );
  tell(`${what}: memory afterwards`, megabytes(rss), verdict(rss < memoryLimit, megabytes(memoryLimit)));
  tell(`${what}: most memory so far`, megabytes(peakRss), verdict(peakRss < memoryLimit, megabytes(memoryLimit)));
}

/** The events of a watcher. */
type CatalogueEvents = AsyncIterator<CatalogueEvent, unknown>;

/** Starts to watch the runs. */
async function watcher(client: Client): Promise<CatalogueEvents> {
  const stream = await client.runs.watch({});
  return stream[Symbol.asyncIterator]();
}

/** Takes events until `isLast` is true of one, and gives how long the first and all of them took. */
async function until(
  events: CatalogueEvents,
  isLast: (event: CatalogueEvent) => boolean,
): Promise<{ firstMs: number; allMs: number; runs: RunSummary[] }> {
  const started = performance.now();
  let firstMs: number | undefined;
  const runs: RunSummary[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error('The stream of runs ended.');
    firstMs ??= performance.now() - started;
    if (value.type === 'runs') runs.push(...value.runs);
    if (isLast(value)) return { firstMs, allMs: performance.now() - started, runs };
  }
}

const { home, remove } = temporaryHome();
try {
  seedRuns(home, count);
  tell(`A catalogue of ${count} runs`, megabytes(statSync(cataloguePath(home)).size));
  const host = fork(fileURLToPath(new URL('host.ts', import.meta.url)), {
    env: { ...process.env, CUPBEARER_HOME: home },
  });
  const [{ link, startMs }] = (await once(host, 'message')) as [{ link: string; startMs: number }];
  tell('Start of the host', ms(startMs));
  tellState('After the start', await stateOf(host));

  const socket = openSocket(Number(new URL(link).port), { ...(await signIn(link)) });
  await once(socket, 'open');
  const events = await watcher(clientOver(socket));
  const account = await until(events, (event) => event.type === 'runs' && event.complete);
  if (account.runs.length !== count) throw new Error(`Expected ${count} runs, found ${account.runs.length}.`);
  tell('First account: first part', ms(account.firstMs));
  tell('First account: all', ms(account.allMs));
  tellState('First account', await stateOf(host));

  const other = new BetterSqlite(cataloguePath(home));
  for (const round of [1, 2]) {
    const note = `changed ${round}`;
    other.prepare(`UPDATE runs SET notes = ? WHERE rowid % ${count / changed} = 0`).run(note);
    const news = await until(events, (event) => event.type === 'runs' && event.runs.some((run) => run.notes === note));
    tell(`Change by another process ${round}: seen after`, ms(news.allMs), `${news.runs.length} runs sent`);
    tellState(`Change by another process ${round}`, await stateOf(host));
  }
  other.close();
  socket.terminate();
  host.send('end');
  await once(host, 'exit');
} finally {
  remove();
}
