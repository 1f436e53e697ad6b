import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Installation } from './installation.ts';
import type { NodeBackend } from './node-package.ts';

/** What the engine computes on. */
export interface Device {
  device: string;
  onGpu?: true;
  /** Of CUDA, cuDNN and the driver, where they are in use. */
  versions: Record<string, string>;
  deviceMemoryBytes?: number;
  /** Why it is not a GPU. */
  notes?: string[];
}

/** The NVIDIA GPU that its driver names first, or undefined where there is no driver or no GPU. */
export interface NvidiaGpu {
  name: string;
  memoryBytes: number;
  driver: string;
}

export function nvidiaGpu(command = 'nvidia-smi'): NvidiaGpu | undefined {
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync(command, query, { encoding: 'utf8', timeout: 10_000, windowsHide: true });
  if (status !== 0) return undefined;
  const [name, mebibytes, driver] = stdout
    .split('\n')[0]!
    .split(',')
    .map((value) => value.trim());
  return name && driver ? { name, memoryBytes: Number(mebibytes) * 2 ** 20, driver } : undefined;
}

/** Says what `backend` computes on and, where that is the CPU, why. */
export function describeDevice(backend: NodeBackend, installation: Installation): Device {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU';
  // Asking the driver takes time, which a library for the CPU alone need not.
  if (installation.record?.variant === 'cpu' && !backend.isUsingGpuDevice)
    return { device: cpu, versions: {}, notes: [whyCpu('cpu', undefined, {})] };
  const libraries = cudaLibraries(loadedLibraries());
  const gpu = nvidiaGpu();
  if (!backend.isUsingGpuDevice) return { device: cpu, versions: {}, notes: [whyCpu('gpu', gpu, libraries)] };
  if (gpu === undefined) return { device: 'NVIDIA GPU', onGpu: true, versions: libraries };
  const { name, memoryBytes, driver } = gpu;
  return { device: name, onGpu: true, versions: { ...libraries, driver }, deviceMemoryBytes: memoryBytes };
}

/** One sentence on why TensorFlow does not compute on a GPU. */
export function whyCpu(variant: 'cpu' | 'gpu', gpu: NvidiaGpu | undefined, libraries: Record<string, string>): string {
  if (variant === 'cpu')
    return 'Computes on the CPU: this TensorFlow was built for the CPU alone. "npx cupbearer engine install tensorflow --gpu" gets one for NVIDIA GPUs.';
  if (gpu === undefined) return 'Computes on the CPU: no NVIDIA driver with a GPU was found ("nvidia-smi" names none).';
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
