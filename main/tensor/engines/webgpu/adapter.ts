import { readdirSync } from 'node:fs';
import { CupbearerError } from '../../../../shared/errors.ts';
import { cupbearerHome } from '../../../storage/home.ts';
import { loadOptional } from '../optional-package.ts';

/** Of the WebGPU API, what we use ourselves; the backend uses more. */
export interface GpuAdapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<(typeof raisedLimits)[number], number>>;
  requestDevice(descriptor: { requiredFeatures: string[]; requiredLimits: Record<string, number> }): Promise<GpuDevice>;
}

export interface GpuDevice {
  /** Resolves when the device is lost, never rejects. */
  readonly lost: Promise<{ reason: string; message: string }>;
  onuncapturederror: ((event: { error: { message: string; constructor: { name: string } } }) => void) | null;
  destroy(): void;
}

interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<GpuAdapter | null>;
}

/** Dawn's binding for Node: an implementation of WebGPU on Vulkan, Metal or Direct3D 12. */
interface Dawn {
  create(options: string[]): Gpu;
  readonly globals: Record<string, unknown>;
}

/** Limits that are raised from WebGPU's modest defaults to what the adapter has: those that large tensors run into. */
const raisedLimits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

let gpu: Gpu | undefined;

/** Makes WebGPU known to this process as it is in a browser: `navigator.gpu` and the classes of the API. */
async function gpuOfProcess(): Promise<Gpu> {
  if (gpu !== undefined) return gpu;
  // Vulkan drivers complain on standard error if it is missing. They look for a display there, and talk to whoever put
  // one up, so that it must be a folder of the user's own.
  process.env['XDG_RUNTIME_DIR'] ??= cupbearerHome();
  const dawn = await loadOptional<Dawn>('webgpu');
  Object.assign(globalThis, dawn.globals);
  gpu = dawn.create([]);
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

/** Device files of GPUs on Linux: DRM, NVIDIA's own, and that of Windows' Linux subsystem. */
const deviceFiles = /^(dri|nvidia\d+|dxg)$/;

/**
 * Whether it is worth asking the drivers, which takes a third of a second and has them write what they miss. On Linux a
 * GPU has a device file; drivers that a variable names are asked in any case.
 */
function mayHaveGpu(): boolean {
  const isNamed = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES'].some((name) => process.env[name]);
  return process.platform !== 'linux' || isNamed || readdirSync('/dev').some((name) => deviceFiles.test(name));
}

/** The fastest adapter there is. @throws CupbearerError `engine` if there is none, or the package is not there. */
export async function findAdapter(): Promise<GpuAdapter> {
  const adapter = mayHaveGpu()
    ? await (await gpuOfProcess()).requestAdapter({ powerPreference: 'high-performance' })
    : null;
  if (adapter !== null) return adapter;
  throw new CupbearerError('engine', 'No GPU was found that WebGPU can use.', { hint: driverHint() });
}

/** What a user can do so that WebGPU finds the GPU. */
export function driverHint(): string {
  if (process.platform === 'linux')
    return 'Install the driver of the GPU and a Vulkan loader (Debian: libvulkan1; NVIDIA: driver 525 or later with nvidia_icd.json; AMD, Intel: mesa-vulkan-drivers). "vulkaninfo --summary" lists what Vulkan finds; in a container the GPU must be passed in.';
  if (process.platform === 'win32') return 'Update the driver of the GPU; it must offer Direct3D 12.';
  return 'macOS 11 or later offers Metal on every Mac.';
}

/** A device of the adapter with all the memory and threads it can have. */
export function requestDevice(adapter: GpuAdapter): Promise<GpuDevice> {
  const { features, limits } = adapter;
  return adapter.requestDevice({
    requiredFeatures: [...features].filter((feature) => feature === 'timestamp-query'),
    requiredLimits: Object.fromEntries(raisedLimits.map((name) => [name, limits[name]])),
  });
}

/** Whether the adapter computes on the CPU (SwiftShader, WARP), which our wasm kernels do faster. */
export function isSoftware({ info }: GpuAdapter): boolean {
  return (
    info.isFallbackAdapter === true || /swiftshader|llvmpipe|basic render/i.test(`${info.description} ${info.device}`)
  );
}

/** The adapter as a user knows it: "NVIDIA H100 80GB HBM3". */
export function deviceName({ info }: GpuAdapter): string {
  const name = info.device || info.description || [info.vendor, info.architecture].filter(Boolean).join(' ');
  return name === '' ? 'unnamed GPU' : name;
}
