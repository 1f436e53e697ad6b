import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { settingsSchema } from '../../../shared/domain/settings.ts';
import { writeFileAtomically } from '../../../main/storage/atomic-write.ts';
import { appendLine, readLines, writeLines } from '../../../main/storage/json-lines.ts';
import { readFileBytes } from '../../../main/storage/read-file.ts';
import { readScores, writeScores } from '../../../main/storage/run-folder.ts';
import { readSettings, writeSettings } from '../../../main/storage/settings-file.ts';
import { readTensorFile, writeTensorFile } from '../../../main/storage/tensor-file.ts';

/** A kind of file that is written again and again, each time with content that says which time it was. */
interface Rewritten {
  name: string;
  /** Writes what belongs to `generation` (1, 2, …) into `folder`. */
  write(folder: string, generation: number): void;
  /**
   * Returns the generation that is there, 0 for none.
   * @throws Error where the content is not wholly that of one generation.
   */
  read: (folder: string) => number;
}

/** Sizes that differ from one generation to the next, from a few bytes to a few hundred kilobytes. */
function sizeOf(generation: number): number {
  return 1 + ((generation * 7919) % (generation % 3 === 0 ? 70_000 : 700));
}

/** The number that all of `values` are. @throws Error where they differ or are none. */
function only(values: Iterable<number>, what: string): number {
  const all = new Set(values);
  if (all.size === 1) return [...all][0]!;
  throw new Error(`${what} holds ${all.size} generations: ${[...all].slice(0, 5).join(', ')}.`);
}

function checkSize(found: number, generation: number, what: string): void {
  if (found !== sizeOf(generation))
    throw new Error(`${what} of generation ${generation} has ${found} values, expected ${sizeOf(generation)}.`);
}

const plainFile: Rewritten = {
  name: 'a file',
  write: (folder, generation) =>
    writeFileAtomically(
      join(folder, 'plain.bin'),
      new Uint8Array(new Int32Array(sizeOf(generation)).fill(generation).buffer),
    ),
  read: (folder) => {
    const path = join(folder, 'plain.bin');
    if (!existsSync(path)) return 0;
    const bytes = readFileBytes(path);
    const values = new Int32Array(new Uint8Array(bytes).buffer);
    const generation = only(values, path);
    checkSize(values.length, generation, path);
    return generation;
  },
};

const tensorFile: Rewritten = {
  name: 'a safetensors file',
  write: (folder, generation) => {
    const n = sizeOf(generation);
    const tensors = {
      numbers: { shape: [n], data: new Float32Array(n).fill(generation) },
      indices: { shape: [n], data: new Int32Array(n).fill(generation) },
    };
    writeTensorFile(join(folder, 'tensors.safetensors'), tensors, { generation: String(generation) });
  },
  read: (folder) => {
    const path = join(folder, 'tensors.safetensors');
    if (!existsSync(path)) return 0;
    const { tensors, metadata } = readTensorFile(path);
    const { numbers, indices } = tensors;
    const generation = only([...numbers!.data, ...indices!.data, Number(metadata['generation'])], path);
    checkSize(numbers!.data.length, generation, path);
    return generation;
  },
};

const scores: Rewritten = {
  name: 'a folder of scores',
  write: (folder, generation) => {
    const n = sizeOf(generation);
    const layer = () => new Float32Array(n).fill(generation);
    writeScores(folder, {
      layers: new Map([
        ['all', layer()],
        ['layers.linear_0.output', layer()],
      ]),
      labels: new Uint8Array(n),
      sampleIndex: new Int32Array(n).fill(generation),
    });
  },
  read: (folder) => {
    const path = join(folder, 'scores');
    if (!existsSync(path)) bringBack(folder, 'scores');
    if (!existsSync(path)) return 0;
    const { layers, sampleIndex } = readScores(folder);
    const generation = only([...[...layers.values()].flatMap((values) => [...values]), ...sampleIndex], path);
    checkSize(sampleIndex.length, generation, path);
    return generation;
  },
};

/** Gives a folder that was about to be replaced its name again, as the next start of the program does. */
function bringBack(parent: string, name: string): void {
  const aside = readdirSync(parent).find((entry) => entry.startsWith(`.${name}.`) && entry.endsWith('.old'));
  if (aside !== undefined) renameSync(join(parent, aside), join(parent, name));
}

/** How many lines there are before the file is replaced by its last ones. */
const mostLines = 40;

interface Line {
  /** Counted over all generations, some of which have none. */
  number: number;
  generation: number;
  text: string;
}

const lines: Rewritten = {
  name: 'a file of JSON lines',
  write: (folder, generation) => {
    const path = join(folder, 'lines.jsonl');
    const written = existsSync(path) ? (readLines(path) as Line[]) : [];
    if (written.length >= mostLines) writeLines(path, written.slice(-mostLines / 2));
    const number = (written.at(-1)?.number ?? 0) + 1;
    appendLine(path, { number, generation, text: 'ü'.repeat(sizeOf(generation)) } satisfies Line);
  },
  read: (folder) => {
    const path = join(folder, 'lines.jsonl');
    if (!existsSync(path)) return 0;
    const found = readLines(path) as Line[];
    found.forEach(({ number, generation, text }, i) => {
      checkSize(text.length, generation, path);
      if (number !== found[0]!.number + i) throw new Error(`"${path}" lacks the line before ${number}.`);
    });
    return found.at(-1)?.generation ?? 0;
  },
};

const settings: Rewritten = {
  name: 'the settings',
  write: (folder, generation) => {
    const savedFilters = Array.from({ length: 1 + (generation % 150) }, () => `generation ${generation}`);
    writeSettings(join(folder, 'settings.json'), settingsSchema.parse({ savedFilters }));
  },
  read: (folder) => {
    const path = join(folder, 'settings.json');
    if (!existsSync(path)) return 0;
    const { settings: found, notice } = readSettings(path);
    if (notice !== undefined) throw new Error(notice);
    return only(
      found.savedFilters.map((text) => Number(text.split(' ')[1])),
      path,
    );
  },
};

/** All kinds of files, in the order in which they are written. */
export const rewritten: readonly Rewritten[] = [plainFile, tensorFile, scores, lines, settings];

/** A writer's own folder, created where it is not there. */
export function writerFolder(place: string, writer: number): string {
  const folder = join(place, `writer-${writer}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}
