import { spawn } from 'node:child_process';
import { CupbearerError } from '../../shared/errors.ts';

/** What came of a program. */
interface ProgramResult {
  /** Exit code; null where the program is not there or a signal ended it. */
  code: number | null;
  /** All that it wrote, on standard output and standard error. */
  output: string;
  /** Whether there was such a program. */
  isThere: boolean;
}

/** Runs a program to its end. @throws CupbearerError `cancelled`. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { signal?: AbortSignal | undefined; cwd?: string; shell?: boolean } = {},
): Promise<ProgramResult> {
  const { signal, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      ...rest,
      ...(signal ? { signal } : {}),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const finish = (result: Omit<ProgramResult, 'output'>) =>
      signal?.aborted ? reject(new CupbearerError('cancelled', 'Cancelled.')) : resolve({ ...result, output });
    child.on('error', () => finish({ code: null, isThere: false }));
    child.on('close', (code) => finish({ code, isThere: true }));
  });
}
