import { statSync } from 'node:fs';
import type { SpecFile } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { describe, type Field } from '../../shared/schema/describe.ts';
import { dataReach } from '../data/data-reach.ts';
import { runDefinitionOf } from '../runs/index.ts';
import { pathsIn } from '../runs/paths.ts';
import { isBelow, realPathOf } from '../storage/real-path.ts';
import { holdsRun, readSpec } from '../storage/run-folder.ts';
import { command, worded } from '../../shared/wording.ts';

/** What is reachable whatever the root is. */
interface AlwaysReachable {
  /** The program's own folders, and the folders for data and runs as set at the start and as set now. */
  folders: () => readonly string[];
  /** Whether the catalogue has a run in this folder. */
  isRun: (folder: string) => boolean;
}

const hint = worded`Start the program ${command('with --root FOLDER', 'by “npx cupbearer serve --root FOLDER”')} to let its pages reach another folder.`;

/**
 * Decides which paths the program's pages may name: files and folders below one folder, the root, after following links
 * and except hidden ones, and whatever is always reachable. Without a root, everything that the user can reach.
 */
export class Reach {
  /** The root without links; undefined if there is none. */
  readonly root: string | undefined;
  readonly #always: AlwaysReachable;

  /** @throws CupbearerError `not-found` if the root is no folder. */
  constructor(root: string | undefined, always: AlwaysReachable) {
    this.root = root === undefined ? undefined : realFolder(root);
    this.#always = always;
  }

  /** @throws CupbearerError `usage` if pages may not name this path. */
  check(path: string): void {
    if (this.root === undefined) return;
    const real = realPathOf(path);
    if (real !== undefined && [this.root, ...this.#own()].some((folder) => isBelow(folder, real))) return;
    throw new CupbearerError(
      'usage',
      `A page in the browser may not reach "${path}", only what is below "${this.root}" and not hidden.`,
      { hint },
    );
  }

  /**
   * Checks a path among parameters. If it is a run's, checks the paths of that run's data as well.
   * @throws CupbearerError `usage` if it leads out of reach.
   */
  checkUse(path: string): void {
    this.#checkUse(path, new Set());
  }

  /** Checks all paths among parameters as {@link checkUse} does. */
  checkSpec(fields: readonly Field[], values: Record<string, unknown>): void {
    this.#checkSpec(fields, values, new Set());
  }

  /**
   * Checks all paths among the parameters of the run in `folder`, which is itself reachable, as {@link checkUse} does.
   */
  checkRun(folder: string): void {
    this.#checkRun(folder, new Set());
  }

  /**
   * Returns environment variables that keep processes that read data within reach even if there are links among the
   * data.
   */
  environment(): Record<string, string> {
    return this.root === undefined ? {} : dataReach({ root: this.root, own: this.#own() });
  }

  #own(): string[] {
    return this.#always.folders().flatMap((folder) => realPathOf(folder) ?? []);
  }

  #checkUse(path: string, seen: Set<string>): void {
    if (this.root === undefined) return;
    if (!this.#always.isRun(path)) this.check(path);
    if (holdsRun(path)) this.#checkRun(path, seen);
  }

  #checkSpec(fields: readonly Field[], values: Record<string, unknown>, seen: Set<string>): void {
    for (const { path } of pathsIn(fields, values)) this.#checkUse(path, seen);
  }

  #checkRun(folder: string, seen: Set<string>): void {
    if (this.root === undefined || seen.has(folder)) return;
    seen.add(folder);
    const file = specIn(folder);
    if (!file) return;
    // A run's samples are read from where its data were.
    if (file.data_dir !== undefined) this.check(file.data_dir);
    this.#checkSpec(describe(runDefinitionOf(file.kind).params), file.spec, seen);
  }
}

/** Returns undefined if it cannot be read: whatever needs it reports that, and nothing is reached through it. */
function specIn(folder: string): SpecFile | undefined {
  try {
    return readSpec(folder);
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}

function realFolder(path: string): string {
  const real = realPathOf(path);
  if (real !== undefined && statSync(real, { throwIfNoEntry: false })?.isDirectory()) return real;
  throw new CupbearerError('not-found', `There is no folder "${path}", which was to be the root.`, {
    hint: worded`${command('Give another one with --root FOLDER, in CUPBEARER_ROOT, or as "root" in settings.json.')}`,
  });
}
