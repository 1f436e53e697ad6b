import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { draftSchema, type ExperimentDraft } from '../../../shared/domain/draft.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { cupbearerHome } from '../../storage/home.ts';
import { toJsonText } from '../../storage/json-text.ts';
import { writePrivateFile } from '../../storage/private-files.ts';
import { readJsonFile } from '../../storage/read-file.ts';

/** The draft in which the wizard was left, stored in one of the program's own files. */
export class StoredDraft {
  readonly #home: string;
  /** Problems that the user should know about, such as a file that cannot be read. */
  readonly notices: string[] = [];

  constructor(home: string = cupbearerHome()) {
    this.#home = home;
  }

  get path(): string {
    return join(this.#home, 'draft.json');
  }

  /** Returns the draft as it was left; null if there is none, or if its file is damaged, which is noted once. */
  read(): ExperimentDraft | null {
    if (!existsSync(this.path)) return null;
    try {
      const parsed = draftSchema.safeParse(readJsonFile(this.path));
      if (parsed.success) return parsed.data;
      this.#note('it is not what this version writes');
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      this.#note(error.message);
    }
    return null;
  }

  /** Stores a draft in place of the previous one; null removes it. @throws CupbearerError `storage`. */
  write(draft: ExperimentDraft | null): void {
    if (draft === null) {
      rmSync(this.path, { force: true });
      return;
    }
    writePrivateFile(this.path, toJsonText(draft));
  }

  #note(why: string): void {
    const notice = `The draft of an experiment in "${this.path}" was not read: ${why}`;
    if (!this.notices.includes(notice)) this.notices.push(notice);
  }
}
