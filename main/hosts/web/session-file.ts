import { join } from 'node:path';
import { z } from 'zod';
import { cupbearerHome } from '../../storage/home.ts';
import { writePrivateFile } from '../../storage/private-files.ts';
import { discardRecord, readRecordFile, recordNames } from '../../storage/record-files.ts';
import type { Session, SessionStore } from './access.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const fileSchema = z.object({
  sessions: z
    .array(z.object({ cookieHash: hash, keyHashes: z.array(hash).max(16), expires: z.number().positive() }))
    .max(64),
});

/** The sessions of the server on a port, which the next server on it takes over. Only this user can read the file. */
export function sessionFile(port: number): SessionStore {
  const path = pathFor(port);
  return {
    // If the file cannot be read, nobody is signed in.
    load: () => readRecordFile(path, fileSchema)?.sessions ?? [],
    save: (sessions: readonly Session[]) => writePrivateFile(path, JSON.stringify({ sessions })),
  };
}

/** Forgets the sessions that were kept for a port. */
export function forgetSessions(port: number): void {
  discardRecord(pathFor(port));
}

/** Forgets the sessions that were kept for any port. */
export function forgetAllSessions(): void {
  for (const name of recordNames(folder())) discardRecord(join(folder(), name));
}

function folder(): string {
  return join(cupbearerHome(), 'web-sessions');
}

function pathFor(port: number): string {
  return join(folder(), `${port}.json`);
}
