import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Installation } from './installation.ts';
import type { NodeBackend } from './node-package.ts';

/** What the engine computes on. */
interface Device {
  device: string;
  onGpu?: true;
  /** Of CUDA, cuDNN and the driver, where they are in use. */
  versions: Record<string, string>;
  deviceMemoryBytes?: number;
  /** Why it is not a GPU. */
  notes?: string[];
}

/** A GPU as NVIDIA's driver names it. */
interface NvidiaGpu {
  /** Of several of which CUDA decides which is used, all of them: "NVIDIA L4 or NVIDIA T4". */
  name: string;
  driver: string;
  /** Left out where the driver does not tell, or only a part of the GPU may be used. */
  memoryBytes?: number;
}

/**
 * The NVIDIA GPU that CUDA programs compute on, given what `CUDA_VISIBLE_DEVICES` lets them see; undefined if there is
 * no driver, no GPU, or none that they may see.
 */
export function nvidiaGpu(
  command = 'nvidia-smi',
  environment: Readonly<Record<string, string | undefined>> = process.env,
): NvidiaGpu | undefined {
  const query = ['--query-gpu=uuid,memory.total,driver_version,name', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync(command, query, { encoding: 'utf8', timeout: 10_000, windowsHide: true });
  if (status !== 0) return undefined;
  const all = stdout.split('\n').flatMap((line) => {
    const [uuid = '', mebibytes, driver, ...name] = line.split(',').map((value) => value.trim());
    return driver ? [{ uuid, name: name.join(', '), driver, mebibytes: Number(mebibytes) }] : [];
  });
  const used = firstVisible(all, environment);
  const [gpu] = used.gpus;
  if (gpu === undefined) return undefined;
  const names = [...new Set(used.gpus.map(({ name }) => name))];
  const isSure = names.length === 1 && !used.isPart && gpu.mebibytes > 0;
  return {
    name: names.join(' or '),
    driver: gpu.driver,
    ...(isSure ? { memoryBytes: gpu.mebibytes * 2 ** 20 } : {}),
  };
}

/**
 * Of the GPUs, in the driver's order, those that may be the first that CUDA sees; it alone is computed on. CUDA numbers
 * them by speed, which the driver does not tell, unless `CUDA_DEVICE_ORDER` says by place.
 */
function firstVisible<Gpu extends { uuid: string; name: string }>(
  gpus: readonly Gpu[],
  environment: Readonly<Record<string, string | undefined>>,
): { gpus: readonly Gpu[]; isPart: boolean } {
  const visible = environment['CUDA_VISIBLE_DEVICES'];
  const isByPlace = environment['CUDA_DEVICE_ORDER'] === 'PCI_BUS_ID';
  const first = (visible ?? '0').split(',')[0]!.trim();
  if (/^MIG-/.test(first)) {
    const [, uuid] = /^MIG-(GPU-[^/]+)/.exec(first) ?? [];
    return { gpus: uuid === undefined ? gpus : gpus.filter((gpu) => gpu.uuid === uuid), isPart: true };
  }
  if (/^GPU-/.test(first)) return { gpus: gpus.filter(({ uuid }) => uuid.startsWith(first)), isPart: false };
  // As CUDA reads it: no number, or one that no GPU has, hides all.
  if (!/^\d+$/.test(first) || Number(first) >= gpus.length) return { gpus: [], isPart: false };
  return { gpus: isByPlace ? [gpus[Number(first)]!] : gpus, isPart: false };
}

/** Says what `backend` computes on and, where that is the CPU, why. */
export function describeDevice(backend: NodeBackend, installation: Installation): Device {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU';
  // Asking the driver takes time, which a library for the CPU alone need not.
  if (installation.record?.variant === 'cpu' && !backend.isUsingGpuDevice)
    return { device: cpu, versions: {}, notes: [whyCpu('cpu', undefined, {})] };
  const libraries = cudaLibraries(loadedLibraries());
  const gpu = nvidiaGpu();
  const versions = { ...libraries, ...(gpu ? { driver: gpu.driver } : {}) };
  if (!backend.isUsingGpuDevice) return { device: cpu, versions, notes: [whyCpu('gpu', gpu, libraries)] };
  return {
    device: gpu?.name ?? 'NVIDIA GPU',
    onGpu: true,
    versions,
    ...(gpu?.memoryBytes === undefined ? {} : { deviceMemoryBytes: gpu.memoryBytes }),
  };
}

/** One sentence on why TensorFlow does not compute on a GPU. */
export function whyCpu(variant: 'cpu' | 'gpu', gpu: NvidiaGpu | undefined, libraries: Record<string, string>): string {
  if (variant === 'cpu')
    return 'Computes on the CPU: this TensorFlow was built for the CPU alone. "npx cupbearer engine install tensorflow --gpu" gets one for NVIDIA GPUs.';
  if (gpu === undefined) {
    const visible = process.env['CUDA_VISIBLE_DEVICES'];
    return visible === undefined
      ? 'Computes on the CPU: no NVIDIA driver with a GPU was found ("nvidia-smi" names none).'
      : `Computes on the CPU: CUDA_VISIBLE_DEVICES is "${visible}", which leaves no GPU to use, or there is none ("nvidia-smi" lists them).`;
  }
  const found = `Computes on the CPU: the ${gpu.name} is there, but TensorFlow`;
  return libraries['cuda'] === undefined
    ? `${found} could not load CUDA of the version that it was built for. "npx cupbearer engine install tensorflow --gpu" brings it along.`
    : `${found} does not take it (driver ${gpu.driver}, CUDA ${libraries['cuda']}). A newer driver may help; its own messages say more.`;
}

/** Files of the native libraries in this process. */
function loadedLibraries(): string[] {
  return (process.report.getReport() as { sharedObjects: string[] }).sharedObjects;
}

/** Versions of CUDA and cuDNN from the names of their files: libcudart.so.12.9.79 behind libcudart.so.12. */
export function cudaLibraries(files: readonly string[]): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const [name, pattern] of [
    ['cuda', /(?:libcudart\.so\.|cudart64_)([\d.]+)/],
    ['cudnn', /(?:libcudnn\.so\.|cudnn64_)([\d.]+)/],
  ] as const)
    for (const file of files) {
      const [, version] = pattern.exec(existsSync(file) ? realpathSync(file) : file) ?? [];
      if (version !== undefined) versions[name] = version.replace(/\.$/, '');
    }
  return versions;
}
