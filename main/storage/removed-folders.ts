import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import type { Catalogue } from './catalogue.ts';
import { discardFile } from './private-files.ts';
import { isProcessAlive } from './process-identity.ts';
import { readJsonFile } from './read-file.ts';
import { holdsRecord, holdsRun, readRecord } from './run-folder.ts';
import { newRunId } from './run-id.ts';
import { trashPrefix } from './trash-moves.ts';

const removedSchema = z.object({ folder: z.string(), hidden: z.string(), pid: z.number(), started: z.string() });

/**
 * Takes up into the trash what an earlier version had removed when it was killed: its list, `removed.json` beside the catalogue,
 * names folders that lie hidden. @throws CupbearerError `storage`.
 */
export function takeUpRemovedFolders(catalogue: Catalogue): void {
  const list = join(dirname(catalogue.path), 'removed.json');
  if (!existsSync(list)) return;
  const now = new Date();
  for (const entry of entriesIn(list)) {
    const parsed = removedSchema.safeParse(entry);
    if (!parsed.success) continue;
    const { folder, hidden, pid, started } = parsed.data;
    if (isProcessAlive(pid, started)) return;
    // A list that was tampered with must not lead anywhere else.
    if (!basename(hidden).startsWith(trashPrefix) || dirname(hidden) !== dirname(folder) || !holdsRun(hidden)) continue;
    const { id, title } = recordIn(hidden);
    const note = { id: newRunId(now), what: 'run', name: title || basename(folder), folder, place: hidden } as const;
    catalogue.trash.takeUp({ ...note, kept: [], trashed_at: now.toISOString(), runs: id === '' ? [] : [id] });
  }
  discardFile(list);
}

function entriesIn(path: string): unknown[] {
  try {
    const list = readJsonFile(path);
    return Array.isArray(list) ? list : [];
  } catch (error) {
    // What a damaged list held is not known any more.
    if (error instanceof CupbearerError && error.code === 'bad-data') return [];
    throw error;
  }
}

function recordIn(folder: string): { id: string; title: string } {
  try {
    if (holdsRecord(folder)) return readRecord(folder);
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
  }
  return { id: '', title: '' };
}
