/** What the campaign asks of a worker: some inputs of one parser, or one input as it is. */
export type ToWorker =
  | { type: 'inputs'; parser: string; seed: number; from: number; count: number }
  | { type: 'input'; parser: string; path: string };

/**
 * What does not hold: `threw` an error that is not expected, `wrong` is a value that should have been refused, `memory` means
 * that one input took too much of it, `hung` that it took too long, `crashed` that it ended the process.
 */
export type FindingKind = 'threw' | 'wrong' | 'memory' | 'hung' | 'crashed';

/** An input for which a parser does not do what it should. */
export interface Finding {
  parser: string;
  kind: FindingKind;
  /** What happened: an error with its stack, what is wrong, how much memory. */
  what: string;
  input: Uint8Array;
}

/** How some inputs went. */
export interface Counts {
  inputs: number;
  /** Inputs that were read, and such that were refused as they should be. */
  read: number;
  refused: number;
  /** The most memory that one input took, bytes. */
  memory: number;
  /** The longest time that one input took. */
  ms: number;
}

export type FromWorker = { type: 'finding'; finding: Finding } | { type: 'done'; counts: Counts };

/** Which input a worker is at. The file that says so is read when nothing else can be asked any more. */
export interface Progress {
  /** NaN before the first, when the seeds are made. */
  index: number;
  input: Uint8Array;
}

const headerBytes = 16;

/** The bytes of a progress file: index, length and bytes of the input. What an earlier, longer input has left behind them does not count. */
export function progressBytes({ index, input }: Progress): Uint8Array {
  const bytes = new Uint8Array(headerBytes + input.length);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, index);
  view.setFloat64(8, input.length);
  bytes.set(input, headerBytes);
  return bytes;
}

/** The inverse of {@link progressBytes}. */
export function progressOf(bytes: Uint8Array): Progress {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { index: view.getFloat64(0), input: bytes.slice(headerBytes, headerBytes + view.getFloat64(8)) };
}

/** In the environment of a worker: its progress file. */
export const progressVariable = 'CUPBEARER_FUZZ_PROGRESS';
/** The module whose `parsers` it calls. */
export const parsersVariable = 'CUPBEARER_FUZZ_PARSERS';
/** The folder for the files of parsers that read files. */
export const scratchVariable = 'CUPBEARER_FUZZ_SCRATCH';
