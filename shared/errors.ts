import { inFlags, type Sentence, type Wording } from './wording.ts';
import { given } from './given.ts';
/**
 * Why something could not be done, in terms a caller can act on.
 *
 * - `usage`: what the user asked for is not valid (unknown name, value out of range). The CLI exits with 2.
 * - `bad-data`: a file or dataset is not what it should be.
 * - `not-found`: a folder, run or file that was named is not there.
 * - `conflict`: doing it would overwrite or disturb something that exists.
 * - `storage`: the disk is full, a folder is read-only, the catalogue is locked.
 * - `network`: a download failed.
 * - `engine`: a compute engine does not work.
 * - `non-finite`: a loss or a score became NaN or infinite.
 * - `cancelled`: the user stopped it.
 * - `crashed`: the compute process died.
 * - `plugin`: the code of a plugin failed, ended, or did not keep to the protocol.
 * - `internal`: a defect of the program.
 */
export const errorCodes = [
  'usage',
  'bad-data',
  'not-found',
  'conflict',
  'storage',
  'network',
  'engine',
  'non-finite',
  'cancelled',
  'crashed',
  'plugin',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** The shape an error has in files, in the catalogue and between processes. */
export interface ErrorRecord {
  code: ErrorCode;
  message: string;
  /** As a terminal shows it. */
  hint?: string;
  /** The hint in parts, if hosts word it differently. */
  remedy?: Wording;
  details?: Record<string, unknown>;
  stack?: string;
}

/** Marks, in the details, an out-of-memory failure that smaller batches may avoid. */
export const smallerBatchHelps = { smaller_batch_helps: true };

/** Marks, in the details, a failure because the device was lost. */
export const deviceLost = { device_lost: true };

/** An expected failure: a sentence for the user, what to do about it, and plain details. */
export class CupbearerError extends Error {
  override readonly name = 'CupbearerError';
  readonly code: ErrorCode;
  /** As a terminal shows it. */
  readonly hint: string | undefined;
  /** The hint in parts, if hosts word it differently. */
  readonly remedy: Wording | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: Sentence | undefined; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint === undefined ? undefined : inFlags(options.hint);
    this.remedy = typeof options.hint === 'object' ? options.hint : undefined;
    this.details = options.details;
  }
}

/** Turns anything that was thrown into a record; what is not a `CupbearerError` is `internal`. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof CupbearerError) {
    return {
      code: error.code,
      message: error.message,
      ...given({ hint: error.hint, remedy: error.remedy, details: error.details, stack: error.stack }),
    };
  }
  if (error instanceof Error)
    return { code: 'internal', message: error.message, ...(error.stack ? { stack: error.stack } : {}) };
  return { code: 'internal', message: String(error) };
}

/** The inverse of {@link toErrorRecord}. */
export function fromErrorRecord(record: ErrorRecord): CupbearerError {
  const error = new CupbearerError(record.code, record.message, {
    ...given({ hint: record.remedy ?? record.hint, details: record.details }),
  });
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}
