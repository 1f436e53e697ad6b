import { z } from 'zod';

/** What a working engine is. */
const engineInfoSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** The processor that does the work, as the system names it. */
  device: z.string(),
  versions: z.record(z.string(), z.string()),
  threads: z.int().positive(),
  /** That its numbers are the same to the last bit on any number of threads. */
  threadsKeepBits: z.literal(true).exactOptional(),
  /** That the device is a GPU, which `auto` prefers; left out for the CPU. */
  onGpu: z.literal(true).exactOptional(),
  /** Memory of the device of its own, bytes; left out if it has none or does not report it. */
  deviceMemoryBytes: z.number().positive().exactOptional(),
  /** What a user should know of it ("computes on the CPU: no CUDA was found"). */
  notes: z.array(z.string()).exactOptional(),
  /** Why `auto` passes it over although it works ("a software renderer, slower than wasm"); left out if it does not. */
  passedOverByAuto: z.string().exactOptional(),
  /** If `auto` has just chosen it: why it did not pick those before it, by id. */
  passedOver: z.record(z.string(), z.string()).exactOptional(),
});
export type EngineInfo = z.infer<typeof engineInfoSchema>;

/**
 * How an engine fails: `unavailable`, it does not load here (not installed, no device); `crashed`, it ends the process
 * that opens it; of those that load and do not pass the self-test: `broken`, wrong numbers; `out-of-memory`;
 * `device-lost`; `threw`, anything else.
 */
const engineFailures = ['unavailable', 'broken', 'out-of-memory', 'device-lost', 'threw', 'crashed'] as const;
export type EngineFailure = (typeof engineFailures)[number];

/** Whether an engine works on this machine and, if not, why and what to do. */
export const engineStatusSchema = z.object({
  id: z.string(),
  title: z.string(),
  works: z.boolean(),
  /** Set if it works. */
  info: engineInfoSchema.exactOptional(),
  /** Set if it does not work: how it fails, why, and what the user can do. */
  failure: z.enum(engineFailures).exactOptional(),
  reason: z.string().exactOptional(),
  hint: z.string().exactOptional(),
  /** Time that the self-test took, milliseconds; only if the engine works. */
  selfTestMs: z.number().nonnegative().exactOptional(),
});
export type EngineStatus = z.infer<typeof engineStatusSchema>;

/** What a speed test measures, in order: the first three on the engine, the last two in float64 on the CPU. */
export const speedTestIds = ['matmul', 'mlp-step', 'cnn-step', 'covariance', 'eigh'] as const;

/** How fast an engine is on this machine. */
export const speedReportSchema = z.object({
  engine: engineInfoSchema,
  measuredAt: z.iso.datetime({ offset: true }),
  measurements: z.array(
    z.object({
      id: z.enum(speedTestIds),
      /** What was done, with its sizes: "Matrix product 1024 x 1024 x 1024, float32". */
      title: z.string(),
      /** Median time of one, milliseconds. */
      ms: z.number().positive(),
      /** How many were timed. */
      repeats: z.int().positive(),
      /** Floating-point operations per second, if the number is meaningful. */
      flops: z.number().positive().exactOptional(),
    }),
  ),
  /** Estimates from short measured parts of them: what whole jobs would take here, seconds. */
  presets: z.array(z.object({ id: z.string(), title: z.string(), seconds: z.number().positive() })),
});
export type SpeedReport = z.infer<typeof speedReportSchema>;
