import { join } from 'node:path';
import type { z } from 'zod';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import { hashJson } from '../storage/content-hash.ts';
import { toJsonText } from '../storage/json-text.ts';
import { createPrivateFolder } from '../storage/private-files.ts';
import { readJsonFile } from '../storage/read-file.ts';
import { isThere, within } from '../storage/within-folder.ts';
import { snapshotFolder } from './snapshot.ts';

/** Of which definition, with which parameters. */
export interface FactsOf {
  hash: string;
  kind: string;
  id: string;
  params: Readonly<Record<string, unknown>>;
}

const folderName = 'facts';

/**
 * What a definition turned out to be when it was last run with these parameters, so that forms and plans need not run it again;
 * undefined where that is not known.
 */
export function keptFacts<T>(of: FactsOf, schema: z.ZodType<T>): T | undefined {
  const place = within(snapshotFolder(of.hash), `${folderName}/${nameOf(of)}`);
  if (!isThere(place)) return undefined;
  const parsed = schema.safeParse(readJsonFile(place));
  return parsed.success ? parsed.data : undefined;
}

/** Keeps what a definition turned out to be. @throws CupbearerError `storage`. */
export function keepFacts(of: FactsOf, facts: object): void {
  const folder = join(snapshotFolder(of.hash), folderName);
  createPrivateFolder(folder);
  writeFileAtomically(join(folder, nameOf(of)), toJsonText(facts));
}

function nameOf({ kind, id, params }: FactsOf): string {
  return `${hashJson([kind, id, params]).slice(0, 32)}.json`;
}
