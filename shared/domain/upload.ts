import { z } from 'zod';

/** Most bytes of files in one message: the program never holds more of an upload than this. */
export const mostPartBytes = 2 ** 20;
/** Most files, or pieces of files, in one message. */
export const mostPieces = 1000;
/** Most files of an upload. */
export const mostUploadFiles = 500_000;

/** Some bytes of a file. */
const pieceSchema = z.object({
  /** Path of the file below what is uploaded: "cats/1.png". */
  path: z.string().min(1).max(1000),
  /** Offset of the bytes in the file: the end of the file so far. */
  start: z.int().nonnegative(),
  bytes: z.int().nonnegative().max(mostPartBytes),
});

/** Pieces of files with their bytes, concatenated. */
export const partSchema = z.object({
  pieces: z.array(pieceSchema).min(1).max(mostPieces),
  content: z.instanceof(Blob),
});
export type UploadPart = z.infer<typeof partSchema>;

/** Yields files as parts in which they can be sent: many small ones together, a large one piece by piece. */
export function* partsOf(files: readonly File[], paths: readonly string[]): Generator<UploadPart> {
  let pieces: UploadPart['pieces'] = [];
  let contents: Blob[] = [];
  let held = 0;
  for (const [k, file] of files.entries()) {
    let start = 0;
    do {
      if (held === mostPartBytes || pieces.length === mostPieces) {
        yield { pieces, content: new Blob(contents) };
        [pieces, contents, held] = [[], [], 0];
      }
      const bytes = Math.min(file.size - start, mostPartBytes - held);
      pieces.push({ path: paths[k]!, start, bytes });
      contents.push(file.slice(start, start + bytes));
      held += bytes;
      start += bytes;
    } while (start < file.size);
  }
  if (pieces.length > 0) yield { pieces, content: new Blob(contents) };
}
