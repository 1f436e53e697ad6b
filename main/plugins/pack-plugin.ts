import { zipSync } from 'fflate';
import { writeFileAtomically } from '../storage/atomic-write.ts';
import { hashBytes } from '../storage/content-hash.ts';
import { toJsonText } from '../storage/json-text.ts';
import { readContent, type PluginContent } from './content.ts';

/** Beside the files of a packed plugin: what they are, so that anybody can check them. It is not part of the content. */
const hashesName = '.cupbearer-hashes.json';

/** The same moment for every file, so that equal files make equal zips; zip knows no time before 1980. */
const mtime = new Date(1980, 0, 1);

/**
 * Writes a plugin as one zip with its manifest and the hashes of all files. Equal content gives the same bytes.
 * @throws CupbearerError as {@link readContent}; `conflict` if the file exists.
 */
export function packPlugin(folder: string, file: string): PluginContent {
  const content = readContent(folder);
  const hashes = Object.fromEntries(content.files.map(({ place, bytes }) => [place, hashBytes(bytes)]));
  const entries = Object.fromEntries(content.files.map(({ place, bytes }) => [place, bytes]));
  const listed = new TextEncoder().encode(toJsonText({ sha256: content.hash, files: hashes }));
  const zip = zipSync({ ...entries, [hashesName]: listed }, { mtime, level: 9 });
  writeFileAtomically(file, zip, { exclusive: true });
  return content;
}
