import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * A process of its own that runs a piece of TypeScript. In `script`, `STORAGE` stands for the folder main/storage;
 * `args` are its `process.argv` from 1 on.
 */
export function startChild(script: string, args: readonly string[]): ChildProcess {
  const storage = new URL('../../main/storage', import.meta.url).href;
  const source = script.replaceAll('STORAGE', storage);
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', source, ...args], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for a child to end and gives what it wrote. @throws Error with its error output where it failed. */
export function outputOf(child: ChildProcess): Promise<string> {
  let [output, errors] = ['', ''];
  child.stdout!.on('data', (chunk) => (output += String(chunk)));
  child.stderr!.on('data', (chunk) => (errors += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(errors || `exit code ${code}`))));
  });
}

/** Waits until a child has written something. */
export function firstOutputOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let errors = '';
    child.stderr!.on('data', (chunk) => (errors += String(chunk)));
    child.stdout!.once('data', (chunk) => resolve(String(chunk)));
    child.once('close', () => reject(new Error(errors || 'The child ended without a word.')));
  });
}

/**
 * As {@link outputOf}, for a child that may never end by itself. @throws Error once it has run for `ms` milliseconds.
 */
export async function outputWithin(child: ChildProcess, ms: number): Promise<string> {
  const deadline = setTimeout(() => child.kill('SIGKILL'), ms);
  try {
    return await outputOf(child);
  } finally {
    clearTimeout(deadline);
  }
}

/** The tag of a process that has ended. */
export async function endedTag(): Promise<string> {
  const script = `
    import { processTag } from 'STORAGE/process-identity.ts';
    console.log(processTag());`;
  return (await outputOf(startChild(script, []))).trim();
}
