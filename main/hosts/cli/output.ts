import { toErrorRecord, type ErrorCode } from '../../../shared/errors.ts';

/** How the CLI talks: text for people or JSON for programs, on standard output; progress and errors on standard error. */
export interface Output {
  readonly json: boolean;
  /** A result: `value` as JSON where that is asked for, else the text. */
  result(value: unknown, text: () => string): void;
  /** Something by the way, for people only. */
  note(text: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    result: (value, text) => process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text()}\n`),
    note: (text) => {
      if (!json) process.stderr.write(`${text}\n`);
    },
  };
}

/** Exit codes: 2 for what was asked wrongly, 130 for Ctrl-C as shells have it, 1 for everything else. */
export function exitCodeOf(code: ErrorCode): number {
  if (code === 'usage') return 2;
  return code === 'cancelled' ? 130 : 1;
}

/** Reports an error where the user is; gives the exit code. The stack is shown with `--debug` only. */
export function reportError(error: unknown, options: { json: boolean; debug: boolean }): number {
  const { stack, ...record } = toErrorRecord(error);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ error: options.debug ? { ...record, stack } : record }, null, 2)}\n`);
    return exitCodeOf(record.code);
  }
  const prefix = record.code === 'internal' ? 'Internal error: ' : record.code === 'cancelled' ? '' : 'Error: ';
  process.stderr.write(`${prefix}${record.message}\n`);
  if (record.hint) process.stderr.write(`${record.hint}\n`);
  if (record.code === 'internal' && !options.debug)
    process.stderr.write('This is a defect of the program; --debug shows where.\n');
  if (options.debug && stack) process.stderr.write(`${stack}\n`);
  if (options.debug && record.details) process.stderr.write(`${JSON.stringify(record.details, null, 2)}\n`);
  return exitCodeOf(record.code);
}
