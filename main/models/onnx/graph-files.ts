import { createHash } from 'node:crypto';
import { normalize } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { writeFileAtomically } from '../../storage/atomic-write.ts';
import { hashFile } from '../../storage/content-hash.ts';
import { fileSize, readFileBytes } from '../../storage/read-file.ts';
import { createFolderWithin, entriesWithin, isThere, within, type Within } from '../../storage/within-folder.ts';
import { readGraph, type OnnxGraph } from './graph.ts';
import type { GraphFiles } from './runtime.ts';

/** The folder, within that of a run, that holds the graph and the files beside it. */
export const graphFolder = 'graph';
/** The name of the graph there. */
export const graphName = 'model.onnx';

/** The most that one file may hold: Node.js reads no more into memory at once. */
const mostBytes = 2 ** 31 - 1;

/** The place of the graph in a run folder. */
export function graphFile(folder: string): Within {
  return within(folder, graphFolder, graphName);
}

/** Copies the graph of a run folder, if it has one, to another, with the files beside it. @throws CupbearerError `storage`. */
export function copyGraph(from: string, to: string): void {
  const entries = entriesWithin(within(from, graphFolder)).filter((entry) => entry.isFile());
  if (entries.length === 0) return;
  createFolderWithin(within(to, graphFolder));
  for (const { name } of entries) {
    const place = within(from, graphFolder, name);
    writeFileAtomically(within(to, graphFolder, name), readFileBytes(place, mostBytes));
  }
}

/** SHA-256 over the graph in a run folder and the files beside it. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function graphFingerprint(folder: string, external: readonly string[]): string {
  const own = hashFile(graphFile(folder));
  if (external.length === 0) return own;
  const hash = createHash('sha256').update(own);
  for (const file of [...external].sort())
    hash.update(file).update(hashFile(within(folder, graphFolder, checkedName(file))));
  return hash.digest('hex');
}

/**
 * Reads a graph and the files beside it, each of which must lie in `folder`.
 * @throws CupbearerError `bad-data` for a graph that is damaged or leads out of the folder, `not-found`, `storage`.
 */
export function readGraphFiles(folder: string | Within, file: string): GraphFiles & { graph: OnnxGraph } {
  const placeOf = (name: string) =>
    typeof folder === 'string' ? within(folder, name) : within(folder.folder, folder.name, name);
  const place = placeOf(file);
  checkSize(place, file);
  const bytes = readFileBytes(place, mostBytes);
  const graph = readGraph(bytes, file);
  const external = externalFiles(graph, file).map((path) => {
    const part = placeOf(checkedName(path));
    if (!isThere(part)) {
      const { tensor } = graph.externalTensors.find((each) => each.file === path)!;
      throw new CupbearerError(
        'not-found',
        `"${file}": the tensor "${tensor}" lies in "${path}", and there is no such file beside it.`,
        { hint: `Put "${path}" into the same folder.` },
      );
    }
    checkSize(part, path);
    return { path, data: readFileBytes(part, mostBytes) };
  });
  return { name: file, bytes, external, graph };
}

/** Names of the files beside a graph, as it writes them. @throws CupbearerError `bad-data` for one that leads elsewhere. */
export function externalFiles({ externalTensors }: OnnxGraph, file: string): string[] {
  const names = [...new Set(externalTensors.map((each) => each.file))];
  for (const each of names) {
    try {
      checkedName(each);
    } catch (error) {
      const { tensor } = externalTensors.find((part) => part.file === each)!;
      throw new CupbearerError(
        'bad-data',
        `"${file}": the tensor "${tensor}" lies in "${each}", where the name of a file beside the graph was expected.`,
        { hint: 'Save the model with its weights in one file of the same folder.', cause: error },
      );
    }
  }
  return names;
}

/** The name of a file beside the graph, without "./" before it. */
export function checkedName(name: string): string {
  const plain = normalize(name);
  const isPlain = plain.length > 0 && !/[\\/\0]/.test(plain) && plain !== '.' && plain !== '..';
  if (isPlain) return plain;
  throw new CupbearerError('bad-data', `Expected the name of a file beside the graph, found "${name}".`);
}

function checkSize(place: Within, file: string): void {
  const size = fileSize(place);
  if (size <= mostBytes) return;
  throw new CupbearerError(
    'bad-data',
    `"${file}": expected at most 2 GiB in one file, found ${(size / 2 ** 30).toFixed(1)} GiB.`,
    { hint: 'Save the model with its weights in several files.' },
  );
}
