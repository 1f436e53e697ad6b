import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { liveRowSchema, type LiveRow } from '../../../shared/domain/plugin.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { cupbearerHome } from '../../storage/home.ts';
import { toJsonText } from '../../storage/json-text.ts';
import { writePrivateFile } from '../../storage/private-files.ts';
import { readJsonFile } from '../../storage/read-file.ts';

/** More rows than these nobody looks at. */
const mostRows = 50;
const stored = z.array(liveRowSchema).max(mostRows);

/** What computes rows of experiments, and knows their names. */
interface Computing {
  /** Computes the cells of a plugin's detectors in an experiment again. @throws CupbearerError as starting an experiment. */
  renew: (experiment: string, plugin: string) => Promise<void>;
  /** The name of an experiment; undefined where it is gone. */
  nameOf: (experiment: string) => string | undefined;
}

/** Rows of experiments that are computed again whenever a plugin in development has been saved; kept in one of the program's own files. */
export class LiveRows {
  readonly #path: string;
  readonly #computing: Computing;
  #rows: readonly LiveRow[];

  constructor(computing: Computing, home = cupbearerHome()) {
    this.#computing = computing;
    this.#path = join(home, 'live-rows.json');
    this.#rows = this.#read();
  }

  /** Those whose experiments are there, by the names that these have now. */
  list(): LiveRow[] {
    return this.#rows.flatMap((row) => {
      const name = this.#computing.nameOf(row.experiment);
      return name === undefined ? [] : [{ ...row, name }];
    });
  }

  /** @throws CupbearerError `usage` for too many, `storage`. */
  set(row: LiveRow, live: boolean): void {
    const others = this.list().filter((other) => other.plugin !== row.plugin || other.experiment !== row.experiment);
    if (live && others.length >= mostRows) {
      throw new CupbearerError('usage', `Expected at most ${mostRows} live rows, found more.`, {
        hint: 'Turn off those of other experiments.',
      });
    }
    this.#write(live ? [...others, row] : others);
  }

  /** Has no rows of a plugin any more. @throws CupbearerError `storage`. */
  forget(plugin: string): void {
    if (this.#rows.some((row) => row.plugin === plugin)) this.#write(this.#rows.filter((row) => row.plugin !== plugin));
  }

  /** Computes the live rows of a plugin again. @throws CupbearerError as `renew`, once all were tried. */
  async compute(plugin: string): Promise<void> {
    const rows = this.list().filter((row) => row.plugin === plugin);
    const ends = await Promise.allSettled(rows.map(({ experiment }) => this.#computing.renew(experiment, plugin)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #read(): LiveRow[] {
    if (!existsSync(this.#path)) return [];
    try {
      return stored.safeParse(readJsonFile(this.#path)).data ?? [];
    } catch (error) {
      // Which rows were live is no loss that a person must hear of.
      if (error instanceof CupbearerError) return [];
      throw error;
    }
  }

  #write(rows: readonly LiveRow[]): void {
    writePrivateFile(this.#path, toJsonText(rows));
    this.#rows = rows;
  }
}
