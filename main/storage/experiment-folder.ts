import { lstatSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { experimentFileSchema, experimentFormat, type ExperimentFile } from '../../shared/domain/experiment.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { toJsonText } from './json-text.ts';
import { appendLine, readLines, writeLines } from './json-lines.ts';
import { readJsonFile } from './read-file.ts';
import { parseVersioned } from './run-files.ts';
import { isThere, pathOf, within } from './within-folder.ts';

const specName = 'experiment.json';
const linksName = 'cells.jsonl';

/** A run that fills a cell. */
interface CellLink {
  /** What the cell computes. */
  key: string;
  /** The run's id. */
  run: string;
  /** The run's folder, absolute. */
  folder: string;
}

/** Whether a folder is that of an experiment. */
export function holdsExperiment(folder: string): boolean {
  return isThere(within(folder, specName));
}

/** Writes `experiment.json`, in place of an earlier one. @throws CupbearerError `storage`. */
export function writeExperiment(folder: string, file: ExperimentFile): void {
  writeFileAtomically(join(folder, specName), toJsonText(file));
}

/**
 * Returns what changes whenever `experiment.json` is written, which is always as a new file; null where there is none, or it
 * cannot be told.
 */
export function experimentVersion(folder: string): string | null {
  try {
    const found = lstatSync(join(folder, specName), { bigint: true, throwIfNoEntry: false });
    return found?.isFile() ? `${found.ino} ${found.mtimeNs} ${found.size}` : null;
  } catch {
    return null;
  }
}

/** @throws CupbearerError `not-found`, `storage`, `bad-data` (also where a newer version wrote it). */
export function readExperiment(folder: string): ExperimentFile {
  const place = within(folder, specName);
  return parseVersioned(experimentFileSchema, readJsonFile(place), pathOf(place), experimentFormat);
}

const linkSchema = z.object({ key: z.string().min(1), run: z.string().min(1), folder: z.string().min(1) });

/** Adds a line to `cells.jsonl`: which run fills a cell. Of several for a cell, the last holds. @throws CupbearerError `storage`. */
export function addLink(folder: string, link: CellLink): void {
  appendLine(within(folder, linksName), lineOf(folder, link));
}

/** Replaces the lines of `cells.jsonl`. @throws CupbearerError `storage`. */
export function writeLinks(folder: string, links: readonly CellLink[]): void {
  writeLines(
    within(folder, linksName),
    links.map((link) => lineOf(folder, link)),
  );
}

/** Folders inside the experiment's move with it. */
function lineOf(folder: string, { key, run, folder: runFolder }: CellLink): CellLink {
  const below = relative(folder, runFolder);
  const isInside = below !== '' && !below.startsWith('..') && !isAbsolute(below);
  return { key, run, folder: isInside ? below.split(sep).join('/') : runFolder };
}

/** Which runs fill the cells of an experiment, by key; lines that say something else are passed over. @throws CupbearerError `storage`, `bad-data`. */
export function readLinks(folder: string): Map<string, CellLink> {
  const place = within(folder, linksName);
  const links = new Map<string, CellLink>();
  if (!isThere(place)) return links;
  for (const line of readLines(place)) {
    const parsed = linkSchema.safeParse(line);
    if (parsed.success) links.set(parsed.data.key, { ...parsed.data, folder: resolve(folder, parsed.data.folder) });
  }
  return links;
}
