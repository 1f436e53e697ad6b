import type { MadeFile } from './domain/made-file.ts';
import { CupbearerError } from './errors.ts';

/** The calls of the contract by which files are fetched. */
interface Files {
  part(input: { id: string; start: number }): Promise<Blob>;
  drop(input: { id: string }): Promise<unknown>;
}

/**
 * Fetches a file that the program made, a megabyte at a time, and drops it there.
 * @throws CupbearerError `storage` if the file ends early; what the calls throw.
 */
export async function fetchFile(files: Files, { id, name, type, bytes }: MadeFile): Promise<File> {
  const parts: Blob[] = [];
  try {
    let fetched = 0;
    while (fetched < bytes) {
      const part = await files.part({ id, start: fetched });
      if (part.size === 0)
        throw new CupbearerError('storage', `"${name}": expected ${bytes} bytes, found ${fetched}.`, {
          hint: 'Make the file again.',
        });
      parts.push(part);
      fetched += part.size;
    }
    return new File(parts, name, { type });
  } finally {
    // If this fails, the program drops the file after a while by itself.
    await files.drop({ id }).catch(() => undefined);
  }
}
