import { partsOf, type UploadPart } from './domain/upload.ts';

/** The calls of the contract by which files are sent. */
interface Uploads {
  begin(input: Record<string, never>): Promise<{ id: string }>;
  put(input: { id: string } & UploadPart): Promise<unknown>;
  drop(input: { id: string }): Promise<unknown>;
}

/**
 * Sends files under their paths, a few megabytes at a time, and returns the id by which an import takes them. What was
 * sent is dropped if sending fails or `signal` aborts.
 */
export async function sendFiles(
  uploads: Uploads,
  files: readonly File[],
  paths: readonly string[],
  options: { signal?: AbortSignal; onProgress?: (sentBytes: number) => void } = {},
): Promise<string> {
  const { signal, onProgress } = options;
  const { id } = await uploads.begin({});
  try {
    let sent = 0;
    for (const part of partsOf(files, paths)) {
      signal?.throwIfAborted();
      await uploads.put({ id, ...part });
      sent += part.content.size;
      onProgress?.(sent);
    }
    return id;
  } catch (error) {
    // The failure itself is what counts; what cannot be dropped now goes when nothing has come for a while.
    await uploads.drop({ id }).catch(() => undefined);
    throw error;
  }
}
