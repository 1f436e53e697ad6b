/** Something that reads bytes or text from outside, as the fuzzer calls it. */
export interface Parser {
  /** Kebab-case; names its corpus and its findings. */
  name: string;
  /** Inputs that are read without an error, made by the program's own writers where there are any. */
  seeds: () => Uint8Array[] | Promise<Uint8Array[]>;
  /** Reads an input: returns what it holds, or throws a `CupbearerError` that says what is wrong with it. */
  parse(input: Uint8Array): unknown;
  /** Says what is wrong with a value that `parse` returned; undefined where it is right. */
  wrong?(value: unknown, input: Uint8Array): string | undefined;
  /** Whether an error that is no `CupbearerError` is one that the parser documents. */
  documents?(error: unknown): boolean;
  /** Words of the format, put into inputs. */
  dictionary?: readonly string[];
  /** Whether inputs are JSON: their values are changed then, not only their bytes. */
  isJson?: boolean;
  /** Puts right the checksums of an input, behind which nothing would be tried otherwise. */
  mend?: (input: Uint8Array) => Uint8Array;
  /** Whether it may take whatever it is given. */
  takesAll?: boolean;
  /** How many inputs a short run has, fewer for parsers that are slow; {@link usualShortRun} unless given. */
  shortRun?: number;
  /** The longest input that can get there; a megabyte unless given. */
  longest?: number;
  /** The most memory that one input may take, bytes; {@link usualMemory} unless given. */
  mostMemory?: number;
  /** Ends what `parse` has started. */
  close?(): Promise<void> | void;
}

/** How many inputs a parser gets in a short run. */
export const usualShortRun = 400;

/** What one small input may cost: more is memory that an attacker chooses. */
export const usualMemory = 200_000_000;

/** A text as the bytes of a file. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The bytes of an input as text, whatever they are. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}

/** A value as the bytes of a JSON file. */
export function jsonOf(value: unknown): Uint8Array {
  return bytesOf(JSON.stringify(value));
}
