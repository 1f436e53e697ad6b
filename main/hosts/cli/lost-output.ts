import { toStorageError } from '../../storage/storage-error.ts';
import { reportError } from './output.ts';

/** The system's code when the reader of the output is gone: `head` has its lines, or a terminal was closed. */
const readerGone = new Set(['EPIPE', 'ECONNRESET']);

/**
 * Keeps the program running if its output cannot be written: the run matters more than its messages. A reader that has
 * gone is not a failure. Results that did not fit on a full disk are reported as lost, once, and the exit code is not 0
 * then.
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
