import { CupbearerError } from './errors.ts';

/** How much JSON text from outside may hold. */
export interface JsonBounds {
  /** Objects and arrays inside one another. */
  mostDepth: number;
  /** Size of the text in UTF-8. */
  mostBytes: number;
}

/**
 * Bounds for files of the program. Nothing that it writes is nested more than a dozen levels deep or larger than a few
 * megabytes. Code that walks a parsed value recurses, so a value a few thousand levels deep would overflow the stack.
 */
export const usualJsonBounds: JsonBounds = { mostDepth: 100, mostBytes: 2 ** 25 };

const quote = 0x22;
const backslash = 0x5c;

/**
 * Parses JSON text from outside within bounds, which are checked before anything is built. `source` names the text at
 * the beginning of an error sentence: `"/a/run.json"`, `The draft`.
 * @throws CupbearerError `bad-data` if the text is too large, nested too deeply or not JSON.
 */
export function parseBoundedJson(text: string, bounds: JsonBounds = usualJsonBounds, source = 'The text'): unknown {
  checkJsonBounds(text, bounds, source);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CupbearerError('bad-data', `${source}: expected JSON, found a fault (${why}).`, { cause: error });
  }
}

/** Checks text against bounds in one pass. @throws CupbearerError `bad-data` if it is too large or nested too deeply. */
export function checkJsonBounds(text: string, { mostDepth, mostBytes }: JsonBounds, source: string): void {
  let depth = 0;
  let bytes = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    bytes += utf8Bytes(code);
    if (bytes > mostBytes) {
      throw new CupbearerError('bad-data', `${source}: expected at most ${mostBytes} bytes of JSON, found more.`);
    }
    if (code === quote) isInString = !isInString;
    else if (isInString) {
      // The character behind a backslash never ends the string. In valid JSON it takes one byte.
      if (code === backslash) {
        at++;
        bytes++;
      }
    } else if (isOpening(code)) depth++;
    else if (isClosing(code)) depth--;
    if (depth > mostDepth) {
      throw new CupbearerError(
        'bad-data',
        `${source}: expected JSON nested at most ${mostDepth} levels deep, found it nested deeper.`,
      );
    }
  }
}

function isOpening(code: number): boolean {
  return code === 0x5b || code === 0x7b;
}

function isClosing(code: number): boolean {
  return code === 0x5d || code === 0x7d;
}

/** Bytes in UTF-8 that a UTF-16 code unit takes: a pair of surrogates takes four. */
function utf8Bytes(code: number): number {
  if (code < 0x80) return 1;
  return code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
}
