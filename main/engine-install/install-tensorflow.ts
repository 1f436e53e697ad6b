import { rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { EngineInfo } from '../../shared/domain/engine.ts';
import { failureWords } from '../../shared/engine-text.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { examineEngine } from '../jobs/engines.ts';
import { toJsonText } from '../storage/json-text.ts';
import { removeLeftovers } from '../storage/leftovers.ts';
import { mayPass } from '../tensor/engine-failure.ts';
import { nvidiaGpu } from '../tensor/engines/tensorflow/device.ts';
import {
  checkUnexposed,
  installationsFolder,
  type InstallationRecord,
} from '../tensor/engines/tensorflow/installation.ts';
import { buildAddon, checkCompiler, findLibrary, type NativeLibrary } from './build-addon.ts';
import { packageVersion, putPackage } from './fetch-package.ts';
import { fetchWheel, projectFor } from './fetch-wheel.ts';
import { select } from './installations.ts';
import { createStaging, idFor, putInPlace } from './place-installation.ts';
import { Wheel } from './wheel.ts';

/** The TensorFlow that is taken where none is asked for: the newest that was tried. */
export const knownVersion = '2.21.0';

/** What to install. */
export interface InstallRequest {
  /** A version of TensorFlow whose Python wheel is fetched, or a wheel's file. */
  wheel?: string;
  /** A folder with a TensorFlow of the user's own, which is used where it lies. */
  library?: string;
  /** For the CPU alone, or for NVIDIA GPUs too; decided by whether there is one unless given. */
  variant?: 'cpu' | 'gpu';
}

interface InstallOptions {
  signal?: AbortSignal;
  /** Hears what is being done. */
  onStep?: (text: string) => void;
  onBytes?: (done: number, total: number) => void;
}

/** What an installation gave: its id, and the engine as its self-test found it. */
interface Installed {
  id: string;
  engine: EngineInfo;
}

/**
 * Installs a TensorFlow for the engine "tensorflow" in the program's own folder, has it tested in a compute process, and
 * switches to it. Nothing is left behind, and what was used before stays in use, where any step fails.
 * @throws CupbearerError `usage`, `network`, `bad-data`, `not-found`, `storage`, `cancelled`; `engine` where it cannot be
 *   built, does not load, or gives wrong numbers.
 */
export async function installTensorflow(request: InstallRequest, options: InstallOptions = {}): Promise<Installed> {
  const gpu = request.variant === 'cpu' ? undefined : nvidiaGpu();
  if (request.variant === 'gpu' && gpu === undefined)
    throw new CupbearerError('engine', 'No NVIDIA GPU was found: "nvidia-smi" is not there or names none.', {
      hint: 'Install the driver of the GPU first; for other makes there is the engine "webgpu"; --cpu installs for the CPU.',
    });
  const variant = request.variant ?? (gpu === undefined && request.library === undefined ? 'cpu' : 'gpu');
  const wheel = request.wheel ?? knownVersion;
  // Nobody shall install a compiler for what then turns out not to exist.
  const own = request.library === undefined ? undefined : fromFolder(resolve(request.library));
  if (own === undefined && !isFile(wheel)) projectFor(variant);
  await checkCompiler();
  await removeLeftovers([installationsFolder()]);
  const staging = createStaging();
  try {
    checkUnexposed(staging);
    const { library, ...found } = own ?? (await fromWheel(wheel, variant, staging, options));
    options.onStep?.('Building the addon');
    const packageFolder = join(staging, 'package');
    await putPackage(packageFolder, join(staging, 'scratch'), options.signal);
    const origin = process.platform === 'darwin' ? '@loader_path' : '$ORIGIN';
    const searchPath = found.libraryFolder ?? `${origin}/../tensorflow`;
    await buildAddon(packageFolder, library, join(staging, 'addon', 'tfjs_binding.node'), searchPath, options.signal);
    for (const part of ['scratch', join('tensorflow', 'include')])
      rmSync(join(staging, part), { recursive: true, force: true });
    const record: InstallationRecord = {
      format: 1,
      ...found,
      variant,
      package: packageVersion(),
      installedAt: new Date().toISOString(),
    };
    return await verifyAndSwitch(staging, record, options);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Whether a wheel is given as a file rather than by a version. */
function isFile(wheel: string): boolean {
  return wheel.endsWith('.whl');
}

type Source = Pick<InstallationRecord, 'tensorflow' | 'source' | 'libraryFolder'> & { library: NativeLibrary };

function fromFolder(folder: string): Source {
  const library = findLibrary(folder);
  // Its version is known once it runs.
  return { tensorflow: 'unknown', source: folder, libraryFolder: library.folder, library };
}

async function fromWheel(
  wheel: string,
  variant: 'cpu' | 'gpu',
  staging: string,
  options: InstallOptions,
): Promise<Source> {
  const scratch = join(staging, 'scratch');
  let path = resolve(wheel);
  if (!isFile(wheel)) {
    const requirement = `${projectFor(variant)}==${wheel}`;
    options.onStep?.(`Fetching ${requirement} (hundreds of megabytes)`);
    path = await fetchWheel(requirement, join(scratch, 'tensorflow'), options);
  }
  const opened = await Wheel.open(path);
  try {
    options.onStep?.(`Unpacking ${basename(path)}`);
    await opened.unpack(staging, memberOfTensorflow);
    if (variant === 'gpu') await addCuda(opened, staging, options);
    const library = findLibrary(join(staging, 'tensorflow'));
    return { tensorflow: opened.value('Version') ?? 'unknown', source: basename(path), library };
  } finally {
    opened.close();
  }
}

/** The library, and those headers of the wheel that its C interface needs. */
function memberOfTensorflow(name: string): string | undefined {
  const isLibrary = /^tensorflow\/libtensorflow(_cc|_framework)?(\.so\.2|\.2\.dylib)$/.test(name);
  const isHeader =
    /^tensorflow\/include\/((tensorflow\/)?tsl|tensorflow\/c|tensorflow\/core\/platform|xla\/tsl)\/.*\.h$/.test(name);
  return isLibrary || isHeader ? name : undefined;
}

/** Adds the libraries of CUDA and cuDNN that the wheel asks for, where the TensorFlow library looks for them. */
async function addCuda(wheel: Wheel, staging: string, options: InstallOptions): Promise<void> {
  const requirements = wheel.metadata.flatMap(
    (line) => /^Requires-Dist: (nvidia-[^;]+?)\s*;.*extra == ['"]and-cuda['"]/.exec(line)?.[1] ?? [],
  );
  for (const requirement of requirements) {
    options.onStep?.(`Fetching ${requirement}`);
    const scratch = join(staging, 'scratch', requirement.replace(/[^\w-].*$/, ''));
    const part = await Wheel.open(await fetchWheel(requirement, scratch, options));
    try {
      await part.unpack(staging, (name) => (/^nvidia\/[\w.-]+\/lib\/[^/]+\.so[\d.]*$/.test(name) ? name : undefined));
    } finally {
      part.close();
    }
    rmSync(scratch, { recursive: true, force: true });
  }
}

const anotherVersion = 'Try another version with --from-wheel VERSION.';

/** Tests what lies in `staging` and, where it works, gives it its place and switches to it. */
async function verifyAndSwitch(
  staging: string,
  record: InstallationRecord,
  options: InstallOptions,
): Promise<Installed> {
  const writeRecord = (known: InstallationRecord) => writeFileSync(join(staging, 'install.json'), toJsonText(known));
  writeRecord(record);
  options.onStep?.('Testing it');
  const status = await examineEngine('tensorflow', {
    env: { CUPBEARER_TENSORFLOW: staging },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (!status.works || status.info === undefined)
    throw new CupbearerError(
      'engine',
      `This TensorFlow ${status.failure === 'unavailable' ? 'does not load' : failureWords(status)}: ${status.reason}`,
      { hint: `It was not installed. ${mayPass(status) ? status.hint : anotherVersion}`, details: { status } },
    );
  const version = status.info.versions['tensorflow'] ?? record.tensorflow;
  const id = idFor(version, record.variant, record.libraryFolder);
  writeRecord({ ...record, tensorflow: version });
  putInPlace(staging, id);
  select(id);
  return { id, engine: status.info };
}
