import { toErrorRecord, type ErrorCode } from '../../../shared/errors.ts';

/**
 * How the CLI talks: text for people or JSON for programs, on standard output; progress and errors on standard error.
 */
export interface Output {
  readonly json: boolean;
  /** Prints a result: `value` as JSON if `--json` was given, otherwise the text. */
  result(value: unknown, text: () => string): void;
  /** Something by the way, for people only. */
  note(text: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    result: (value, text) => write(process.stdout, json ? JSON.stringify(value, null, 2) : text()),
    note: (text) => {
      if (!json) write(process.stderr, text);
    },
  };
}

/**
 * Returns text that is safe to show in a terminal: titles and notes of a shared run may contain characters that a
 * terminal acts on. These are written as JSON writes them, so that JSON stays what it was; lines and tabs stay.
 */
export function forTerminal(text: string): string {
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replaceAll(/[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/gu, escape);
}

function write(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${forTerminal(text)}\n`);
}

/** Exit codes: 2 for a wrong request, 130 for Ctrl-C as in shells, 1 for everything else. */
function exitCodeOf(code: ErrorCode): number {
  if (code === 'usage') return 2;
  return code === 'cancelled' ? 130 : 1;
}

/** Reports an error to the user, with the stack only if `--debug` was given. Returns the exit code. */
export function reportError(error: unknown, options: { json: boolean; debug: boolean }): number {
  const { stack, ...record } = toErrorRecord(error);
  if (options.json) {
    write(process.stdout, JSON.stringify({ error: options.debug ? { ...record, stack } : record }, null, 2));
    return exitCodeOf(record.code);
  }
  const prefix = record.code === 'internal' ? 'Internal error: ' : record.code === 'cancelled' ? '' : 'Error: ';
  write(process.stderr, `${prefix}${record.message}`);
  if (record.hint) write(process.stderr, record.hint);
  if (record.code === 'internal' && !options.debug)
    write(process.stderr, 'This is a defect of the program; --debug shows where.');
  if (options.debug && stack) write(process.stderr, stack);
  if (options.debug && record.details) write(process.stderr, JSON.stringify(record.details, null, 2));
  return exitCodeOf(record.code);
}
