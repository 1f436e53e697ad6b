import { toStorageError } from '../../storage/storage-error.ts';
import { reportError } from './output.ts';

/** What the system answers where whoever read the output has gone: `head` has its lines, or a window was closed. */
const readerGone = new Set(['EPIPE', 'ECONNRESET']);

/**
 * Keeps the program going where its output cannot be written: a run that goes on is worth more than what is said of it. That
 * nobody reads any more is no failure; results that a full disk did not take are said to be lost, once, and the exit code is
 * not 0 then.
 */
export function outliveLostOutput(): void {
  // There is no place left to say so, and a failure has its exit code.
  process.stderr.on('error', () => undefined);
  let isSaid = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isSaid || process.stdout.isTTY || readerGone.has(error.code ?? '')) return;
    isSaid = true;
    const exitCode = reportError(toStorageError(error, 'write the output'), { json: false, debug: false });
    // The code of the command may be set before or after this.
    process.on('exit', () => {
      process.exitCode ||= exitCode;
    });
  });
}
