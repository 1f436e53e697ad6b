import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { writeFileAtomically } from '../../storage/atomic-write.ts';
import { toJsonText } from '../../storage/json-text.ts';
import { decodeText, readFileBytes } from '../../storage/read-file.ts';
import { classFolders, givesHalves } from '../datasets/picture-folders.ts';

/** Lies in the folder of a dataset of the user's, hidden, so that lists need not look into it again. */
const noteName = '.cupbearer.json';
const mostNoteBytes = 2 ** 25;

const noteSchema = z.object({
  format: z.literal(1),
  /** The folders of the classes with when each was changed last: what is noted holds as long as these are the same. */
  folders: z.array(z.tuple([z.string(), z.string()])),
  samples: z.object({ train: z.int().nonnegative(), test: z.int().nonnegative() }),
  bytes: z.number().nonnegative(),
  size: z.int().positive(),
  colour: z.boolean(),
});

/** What is noted of a dataset of the user's pictures. */
export type OwnDatasetNote = Omit<z.infer<typeof noteSchema>, 'format' | 'folders'>;
/** When its folders were changed last. */
type FolderTimes = z.infer<typeof noteSchema>['folders'];

/** Returns when the folders of the classes in `folder` were changed last: by a file that came, went or was renamed. */
export function folderTimes(folder: string): FolderTimes {
  const names = classFolders(folder).map(({ path }) => basename(path));
  const halves = givesHalves(folder) ? ['train', 'test'] : [''];
  return halves.flatMap((half) =>
    names.flatMap((name): FolderTimes => {
      const found = statSync(join(folder, half, name), { bigint: true, throwIfNoEntry: false });
      return found ? [[join(half, name), String(found.mtimeNs)]] : [];
    }),
  );
}

/** Returns what was noted when the folders were as they are now; undefined if nothing was, or it cannot be read. */
export function readNote(folder: string, times: FolderTimes): OwnDatasetNote | undefined {
  const path = join(folder, noteName);
  try {
    const {
      folders,
      format: _,
      ...note
    } = noteSchema.parse(JSON.parse(decodeText(readFileBytes(path, mostNoteBytes), path)));
    return JSON.stringify(folders) === JSON.stringify(times) ? note : undefined;
  } catch {
    // A note that is damaged or missing costs another look, no more.
    return undefined;
  }
}

/** Notes what was found; a folder that cannot be written to is looked into again the next time. */
export function writeNote(folder: string, folders: FolderTimes, note: OwnDatasetNote): void {
  try {
    writeFileAtomically(join(folder, noteName), toJsonText({ format: 1, folders, ...note }));
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.code !== 'storage') throw error;
  }
}
