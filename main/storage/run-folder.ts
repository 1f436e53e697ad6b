import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { RunRecord, SpecFile } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { createFolder, createNewFolder } from './create-folder.ts';
import { checkFileName } from './file-name.ts';
import { appendLine, readLines, writeLines, type JsonLine } from './json-lines.ts';
import { toJsonText } from './json-text.ts';
import { readJsonFile } from './read-file.ts';
import { parseRecord, parseSpecFile, recordFileText } from './run-files.ts';
import { runMarker } from './run-marker.ts';
import { readScoreLayout, type ScoreLayout } from './score-layout.ts';
import {
  readScoredSamples,
  readScoreFiles,
  writeScoreFiles,
  type KeptTokens,
  type ScoredSamples,
  type Scores,
} from './scores.ts';
import { hasTokenScores, readTokenScores, type TokenScores } from './token-scores.ts';
import { withStorageErrors } from './storage-error.ts';
import { isTemporaryName } from './temporary-names.ts';
import { entriesWithin, isThere, pathOf, requireInside, within } from './within-folder.ts';
import { command, worded } from '../../shared/wording.ts';

/** What marks a folder as a run's. */
export const specFileName = 'spec.json';
const recordName = 'run.json';

/** Files left by file managers, or by a run that never started; nobody misses them. */
const litter = ['.DS_Store', 'Thumbs.db', 'desktop.ini', runMarker.name];

const evaluationsName = 'evals';

/**
 * Returns the folder of a further evaluation with this name, a run folder of its own.
 * @throws CupbearerError `usage`, `bad-data` if a link there leads out of the run's folder, `storage`.
 */
export function evalFolder(folder: string, name: string): string {
  const place = within(folder, evaluationsName, checkFileName(name, 'Evaluation name'));
  requireInside(place);
  return pathOf(place);
}

/**
 * Returns the folders of further evaluations in a run's folder, in the order of their names. Links do not count, and
 * hidden ones were removed and may yet be restored. @throws CupbearerError `storage`.
 */
export function evalFolders(folder: string): string[] {
  const inside = within(folder, evaluationsName);
  if (lstatSync(pathOf(inside), { throwIfNoEntry: false })?.isSymbolicLink()) return [];
  return entriesWithin(inside)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => join(pathOf(inside), name))
    .sort();
}

/**
 * Writes `spec.json`, once, and beside it the file that the desktop program is opened by.
 * @throws CupbearerError `conflict` if the folder has one, `storage`.
 */
export function writeSpec(folder: string, spec: SpecFile): void {
  writeFileAtomically(join(folder, specFileName), toJsonText(spec), { exclusive: true });
  writeFileAtomically(join(folder, runMarker.name), runMarker.content);
}

/** Rewrites `spec.json` once a run knows all that it depends on. @throws CupbearerError `storage`. */
export function replaceSpec(folder: string, spec: SpecFile): void {
  writeFileAtomically(join(folder, specFileName), toJsonText(spec));
}

/** @throws CupbearerError `not-found`, `storage`, `bad-data` (also if a newer version wrote it). */
export function readSpec(folder: string): SpecFile {
  const place = within(requireRun(folder), specFileName);
  return parseSpecFile(readJsonFile(place), pathOf(place));
}

/** Writes `run.json`, from which the catalogue can be rebuilt. @throws CupbearerError `storage`. */
export function writeRecord(folder: string, record: RunRecord): void {
  writeFileAtomically(join(folder, recordName), recordFileText(record));
}

/** @throws CupbearerError `not-found`, `storage`, `bad-data` (also if a newer version wrote it). */
export function readRecord(folder: string): RunRecord {
  const place = within(folder, recordName);
  return parseRecord(readJsonFile(place), pathOf(place));
}

/** Returns the metrics in the record of a run; none if it cannot be read. */
export function metricsOf(folder: string): RunRecord['metrics'] {
  try {
    return readRecord(folder).metrics;
  } catch (error) {
    if (error instanceof CupbearerError) return {};
    throw error;
  }
}

/**
 * Writes `scores/<layer>.npy`, `scores/anomaly_labels.npy`, `scores/sample_index.npy` and `scores/tokens/`, replacing earlier ones
 * as a whole. @throws CupbearerError as `writeScoreFiles`.
 */
export function writeScores(folder: string, scores: Scores, tokens?: KeptTokens): void {
  writeScoreFiles(within(folder, 'scores'), scores, tokens);
}

/** Returns whether a run has scores of single tokens. */
export function hasTokens(folder: string): boolean {
  return hasTokenScores(within(folder, 'scores'));
}

/** Reads the scores of a run's single tokens, null where there are none. @throws CupbearerError as `readTokenScores`. */
export function readTokens(folder: string, wanted?: Parameters<typeof readTokenScores>[1]): TokenScores | null {
  return readTokenScores(within(folder, 'scores'), wanted);
}

/** Returns whether a run has scores. */
export function hasScores(folder: string): boolean {
  return isThere(within(folder, 'scores'));
}

/** Reads what {@link writeScores} wrote, of the layers in `only` if given. @throws CupbearerError as `readScoreFiles`. */
export function readScores(folder: string, only?: readonly string[]): Scores {
  return readScoreFiles(within(folder, 'scores'), only);
}

/** Returns which samples a run has scored. @throws CupbearerError as {@link readScores}. */
export function scoredSamples(folder: string): ScoredSamples {
  return readScoredSamples(within(folder, 'scores'));
}

/**
 * Returns how many scores of which layers a run has, without reading them. @throws CupbearerError as {@link
 * readScoreLayout}.
 */
export function scoreLayout(folder: string): ScoreLayout {
  return readScoreLayout(within(folder, 'scores'));
}

/** Adds a line to `metrics.jsonl` or `log.jsonl`. @throws CupbearerError `storage`. */
export function appendJsonLine(folder: string, name: string, line: JsonLine): void {
  appendLine(within(folder, name), line);
}

/**
 * Returns the complete lines of a `.jsonl` file; none if there is no file. @throws CupbearerError `storage`,
 * `bad-data`.
 */
export function readJsonLines(folder: string, name: string): JsonLine[] {
  const place = within(folder, name);
  return isThere(place) ? readLines(place) : [];
}

/** Replaces the lines of a `.jsonl` file. @throws CupbearerError `storage`. */
export function writeJsonLines(folder: string, name: string, lines: readonly JsonLine[]): void {
  writeLines(within(folder, name), lines);
}

/**
 * A new folder for a run, as an absolute path; folders above it are created too. An empty folder is taken as it is.
 * @throws CupbearerError `conflict` if the path is a file or the folder holds a run or anything else; `storage`
 * if it cannot be created or written to.
 */
export function createRunFolder(path: string): string {
  const folder = resolve(path);
  createFolder(dirname(folder));
  if (!createNewFolder(folder)) checkUnused(folder);
  return folder;
}

function checkUnused(path: string): void {
  const hint = 'Choose another folder, or leave it out to get a new one named by date and time.';
  if (!statSync(path).isDirectory()) {
    throw new CupbearerError('conflict', `"${path}" is a file; expected a new or empty folder.`, { hint });
  }
  const entries = withStorageErrors(`read the folder "${path}"`, () => readdirSync(path));
  if (entries.includes(specFileName)) {
    throw new CupbearerError('conflict', `"${path}" holds a run already; nothing was overwritten.`, { hint });
  }
  const other = entries.find((entry) => !litter.includes(entry) && !isTemporaryName(entry));
  if (other !== undefined) {
    throw new CupbearerError(
      'conflict',
      `"${path}" is not empty (it holds "${other}"); expected a new or empty folder.`,
      {
        hint,
      },
    );
  }
}

/** Returns whether a folder holds the record of a run, which is written when the run gets into the catalogue. */
export function holdsRecord(folder: string): boolean {
  return isThere(within(folder, recordName));
}

/** Whether a folder holds a run, finished or not. */
export function holdsRun(path: string): boolean {
  return isThere(within(path, specFileName));
}

/** Returns the absolute path of a folder that holds a run. @throws CupbearerError `not-found` if it holds none. */
export function requireRun(path: string): string {
  const folder = resolve(path);
  if (holdsRun(folder)) return folder;
  const found = existsSync(folder) ? `there is no ${specFileName} in it` : 'there is no such folder';
  throw new CupbearerError('not-found', `"${folder}" holds no run: ${found}.`, {
    hint: worded`Give the folder that a run was saved to; ${command('`cupbearer runs` lists them.', 'the screen Runs lists them.')}`,
  });
}

/**
 * Returns the absolute path of the folder of an unfinished run, to resume it.
 * @throws CupbearerError `not-found` if there is none, `conflict` if the run is finished or a process is working on it.
 */
export function resumeRunFolder(path: string, isAlive: (pid: number, started: string | null) => boolean): string {
  const folder = requireRun(path);
  // Killed before the record was first written: nothing stands against going on.
  if (!holdsRecord(folder)) return folder;
  const { status, host_pid: pid, host_started: started } = readRecord(folder);
  if (status === 'done') {
    throw new CupbearerError('conflict', `The run in "${folder}" is finished; there is nothing to resume.`);
  }
  if ((status === 'running' || status === 'queued') && pid !== null && isAlive(pid, started)) {
    throw new CupbearerError('conflict', `Process ${pid} is still at work on the run in "${folder}".`, {
      hint: 'Wait until it ends, or stop it first.',
    });
  }
  return folder;
}

/**
 * Creates a folder in `base` named by `now` in local time, `2026-11-23_20-33-11`, with `-2`, `-3`, … appended if the
 * name is taken. Two processes never get the same one.
 * @throws CupbearerError `storage`.
 */
export function createDatedRunFolder(base: string, now: Date): string {
  const parent = resolve(base);
  createFolder(parent);
  const name = dated(now);
  for (let count = 1; ; count++) {
    const path = join(parent, count === 1 ? name : `${name}-${count}`);
    if (createNewFolder(path)) return path;
  }
}

function dated(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  return `${date}_${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('-')}`;
}
