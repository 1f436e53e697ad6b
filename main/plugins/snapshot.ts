import { join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { describedDefinition, type DescribedDefinition } from '../../shared/plugin/description.ts';
import { replaceFolder, writeFileAtomically } from '../storage/atomic-write.ts';
import { cupbearerHome } from '../storage/home.ts';
import { toJsonText } from '../storage/json-text.ts';
import { createPrivateFolder } from '../storage/private-files.ts';
import { exposedFolder } from '../storage/private-folder.mjs';
import { readJsonFile } from '../storage/read-file.ts';
import { isThere, within } from '../storage/within-folder.ts';
import { readContent, type PluginContent } from './content.ts';

/** Where what was allowed is kept, and where it runs from. */
function versionsFolder(home: string): string {
  return join(home, 'plugins', 'versions');
}

/** The folder of one content of a plugin. */
export function snapshotFolder(hash: string, home: string = cupbearerHome()): string {
  return join(versionsFolder(home), hash);
}

/** The files of a snapshot. */
export function contentFolder(hash: string, home: string = cupbearerHome()): string {
  return join(snapshotFolder(hash, home), 'content');
}

/**
 * Keeps what was allowed, so that nothing else ever runs. @throws CupbearerError `storage`; `usage` where others could change the program's
 * own folder.
 */
export function keepSnapshot({ files, hash }: PluginContent, home: string = cupbearerHome()): void {
  const folder = snapshotFolder(hash, home);
  createPrivateFolder(folder);
  refuseExposed(folder);
  if (isThere(within(folder, 'content')) && isWhole(hash, home)) return;
  replaceFolder(join(folder, 'content'), Object.fromEntries(files.map(({ place, bytes }) => [place, bytes])));
}

/** @throws CupbearerError `bad-data` if the snapshot is not what its name says, or others could change it. */
export function verifySnapshot(hash: string, home: string = cupbearerHome()): PluginContent {
  const folder = contentFolder(hash, home);
  refuseExposed(folder);
  const content = readContent(folder);
  if (content.hash === hash) return content;
  throw new CupbearerError('bad-data', `The plugin kept in "${folder}" is no longer what was allowed.`, {
    hint: 'Allow it again: its files are copied anew.',
  });
}

function isWhole(hash: string, home: string): boolean {
  try {
    return readContent(contentFolder(hash, home)).hash === hash;
  } catch {
    return false;
  }
}

function refuseExposed(folder: string): void {
  const exposed = exposedFolder(folder);
  if (exposed === undefined) return;
  throw new CupbearerError(
    'usage',
    `Plugins are not run from "${folder}", because others could change what is in "${exposed}".`,
    { hint: 'CUPBEARER_HOME can name a folder that only you can write to.' },
  );
}

const descriptionFile = z.strictObject({
  /** Of the programs that may differ in what they describe. */
  program: z.string(),
  definitions: z.array(describedDefinition).max(200),
});

/** What the definitions of a snapshot say of themselves; undefined until they were asked, by this version of the program. */
export function keptDescription(
  hash: string,
  program: string,
  home: string = cupbearerHome(),
): readonly DescribedDefinition[] | undefined {
  const place = within(snapshotFolder(hash, home), 'description.json');
  if (!isThere(place)) return undefined;
  const kept = descriptionFile.safeParse(readJsonFile(place));
  return kept.success && kept.data.program === program ? kept.data.definitions : undefined;
}

export function keepDescription(
  hash: string,
  program: string,
  definitions: readonly DescribedDefinition[],
  home: string = cupbearerHome(),
): void {
  writeFileAtomically(join(snapshotFolder(hash, home), 'description.json'), toJsonText({ program, definitions }));
}
