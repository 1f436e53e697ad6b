import { request } from 'node:http';
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { parseBoundedJson } from '../../../shared/bounded-json.ts';
import { cupbearerHome } from '../../storage/home.ts';
import { isProcessAlive, processIdentity } from '../../storage/process-identity.ts';
import { discardRecord, readRecordFile, writeRecordFile } from '../../storage/record-files.ts';
import { systemCode } from '../../storage/storage-error.ts';

const recordSchema = z.object({
  started: z.string(),
  port: z.int().min(1).max(65_535),
  secret: z.string().min(1),
});

/** A web host of this user that runs. */
interface RunningServer {
  pid: number;
  port: number;
  /** What its owner is known by. */
  secret: string;
}

/** What the owner of a server can have it do, at these addresses. */
export const ownerPaths = { link: '/owner/link', signOut: '/owner/sign-out' } as const;

/** What it answers. */
const answers = {
  link: z.object({ link: z.url() }),
  signOut: z.object({ browsers: z.int() }),
} as const;

type Answer<What extends keyof typeof answers> = z.output<(typeof answers)[What]>;

/** A server answers at once unless it is stopped or blocked. */
const patienceMs = 5000;

const mostAnswerBytes = 10_000;

/** Records that this process serves at `port`, for its owner alone to read. Returns what takes that back. */
export function recordServer(port: number, secret: string): () => void {
  const path = pathFor(process.pid);
  writeRecordFile(path, { started: processIdentity().started, port, secret });
  return () => discardRecord(path);
}

/**
 * Returns the server that is meant: the one on `port`, or the only one there is.
 * @throws CupbearerError `not-found` if there is none, `usage` if there are several, `conflict` if they are another
 * user's.
 */
export function findServer(port: number | undefined): RunningServer {
  const { running, ended } = servers();
  const meant = port === undefined ? running : running.filter((server) => server.port === port);
  if (meant.length === 1) return meant[0]!;
  const ports = running.map((server) => server.port).sort((a, b) => a - b);
  if (meant.length > 1)
    throw new CupbearerError('usage', `Expected one server, found ${meant.length}: on the ports ${ports.join(', ')}.`, {
      hint: `Say which one: --port ${ports[0]}.`,
    });
  if (running.length > 0)
    throw new CupbearerError('not-found', `No server of yours is on port ${port}; found on ${ports.join(', ')}.`);
  const [last] = ended.filter((server) => port === undefined || server.port === port);
  throw new CupbearerError(
    'not-found',
    last ? `The server on port ${last.port} (process ${last.pid}) has ended.` : 'No server of yours runs.',
    { hint: 'Start one: npx cupbearer serve. One that was started with CUPBEARER_HOME is found with the same.' },
  );
}

/** Returns all servers of this user. @throws CupbearerError `conflict` if they are another user's. */
export function runningServers(): RunningServer[] {
  return servers().running;
}

/**
 * Asks a server to do something for its owner. @throws CupbearerError `crashed` if it does not answer like one of the
 * program's servers.
 */
export function askServer<What extends keyof typeof ownerPaths>(
  { port, pid, secret }: RunningServer,
  what: What,
): Promise<Answer<What>> {
  const unanswered = (why: string) =>
    new CupbearerError('crashed', `The server on port ${port} (process ${pid}) does not answer: ${why}.`, {
      hint: 'If it stays so, end that process and start the server again.',
    });
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port,
        path: ownerPaths[what],
        method: 'POST',
        agent: false,
        headers: { authorization: `Bearer ${secret}` },
        signal: AbortSignal.timeout(patienceMs),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          if (text.length > mostAnswerBytes) asking.destroy(new Error('it says too much'));
        });
        response.on('end', () => {
          try {
            if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
            resolve(answers[what].parse(parseBoundedJson(text)) as Answer<What>);
          } catch (error) {
            reject(unanswered(error instanceof z.ZodError ? 'it says something else' : (error as Error).message));
          }
        });
      },
    );
    asking.on('error', (error) =>
      reject(
        unanswered(error.name === 'AbortError' || error.name === 'TimeoutError' ? 'it takes too long' : error.message),
      ),
    );
    asking.end();
  });
}

function servers(): { running: RunningServer[]; ended: Omit<RunningServer, 'secret'>[] } {
  const running: RunningServer[] = [];
  const ended: RunningServer[] = [];
  for (const name of ownNames()) {
    const pid = Number(/^(\d+)\.json$/.exec(name)?.[1]);
    const path = pathFor(pid);
    if (Number.isNaN(pid)) continue;
    const found = lstatSync(path, { throwIfNoEntry: false });
    // Another process has just tidied up.
    if (found === undefined) continue;
    checkOwn(path, found);
    const record = readRecordFile(path, recordSchema);
    // One that cannot be read may be one that its process is just writing.
    if (isProcessAlive(pid, record?.started ?? null)) {
      if (record) running.push({ pid, port: record.port, secret: record.secret });
      continue;
    }
    if (record) ended.push({ pid, port: record.port, secret: record.secret });
    discardRecord(path);
  }
  return { running, ended };
}

/** The names in the folder of records, which is this user's alone. */
function ownNames(): string[] {
  const path = folder();
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    checkOwn(path, found);
    return readdirSync(path);
  } catch (error) {
    if (systemCode(error) === 'EACCES') throw notYours(path, 'belongs to another user');
    throw error;
  }
}

/** Windows keeps profiles apart without owners and modes. */
function checkOwn(path: string, { uid, mode }: Stats): void {
  const own = process.getuid?.();
  if (own === undefined) return;
  if (uid !== own) throw notYours(path, `belongs to another user (number ${uid}, you are ${own})`);
  if ((mode & 0o077) !== 0) throw notYours(path, 'is open to other users');
}

function notYours(path: string, how: string): CupbearerError {
  return new CupbearerError('conflict', `"${path}" ${how}; expected it to be yours alone.`, {
    hint: 'Only who has started a server gets links to it: run this as that user.',
  });
}

function folder(): string {
  return join(cupbearerHome(), 'servers');
}

function pathFor(pid: number): string {
  return join(folder(), `${pid}.json`);
}
