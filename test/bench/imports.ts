import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeSync, closeSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStoredSet } from '../../main/data/stored/open-stored-set.ts';
import { storedBlocks } from '../../main/data/stored/stored-blocks.ts';
import { measurePeakMemory } from '../../main/storage/peak-memory.ts';
import { MomentAccumulator } from '../../main/tensor/linalg/moments.ts';

export const importName = 'import';

/** What importing takes: seconds, bytes a second of the file, bytes. */
interface Imports {
  /** To the list of layers, of so many requests, a file each. */
  opening: { files: number; seconds: number };
  /** Reading and decoding, by the clock and by the processor's time of all threads. */
  decoding: { type: string; bytesPerSecond: number; byProcessor: number }[];
  /** Mean and covariance of halves `[rows, 4096]`, file read: sums in float64, products over short runs of rows in float32. */
  moments: Moments & { bytes: number; peer?: Record<string, Moments> };
}

/** Of ours or, by the type that it computes in, of PyTorch. */
interface Moments {
  seconds: number;
  processor: number;
  peakBytes: number;
}

const files = 1000;
const width = 4096;

/** Measures them in a folder of its own; `gigabytes` is the size of the file whose covariance is worked out. */
export async function measureImports(gigabytes: number): Promise<Imports> {
  const folder = mkdtempSync(join(tmpdir(), 'import-bench-'));
  try {
    return {
      opening: await measureOpening(folder),
      decoding: [
        await measureDecoding(folder, 'F16', 2),
        await measureDecoding(folder, 'BF16', 2),
        await measureDecoding(folder, 'F8_E4M3', 1),
        await measureDecoding(folder, 'F32', 4),
      ],
      moments: await measureMoments(folder, Math.round((gigabytes * 2 ** 30) / (2 * width))),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureOpening(folder: string): Promise<Imports['opening']> {
  const requests = mkdtempSync(join(folder, 'requests-'));
  for (let i = 0; i < files; i++) {
    const tokens = 8 + (i % 32);
    const header = headerOf({
      hidden_states: { dtype: 'BF16', shape: [tokens, 4, 512], size: tokens * 4 * 512 * 2 },
      token_ids: { dtype: 'I64', shape: [tokens], size: tokens * 8 },
    });
    const content = Buffer.alloc(tokens * (4 * 512 * 2 + 8));
    writeFileSync(join(requests, `request-${i}.safetensors`), Buffer.concat([header, content]));
  }
  const start = performance.now();
  const set = await openStoredSet(requests);
  const seconds = (performance.now() - start) / 1000;
  set.close();
  return { files, seconds };
}

/** Of a file that the system holds in memory. */
async function measureDecoding(folder: string, dtype: string, bytes: number): Promise<Imports['decoding'][number]> {
  const rows = 2 ** 15;
  const path = writeNoise(folder, dtype, rows, bytes);
  const set = await openStoredSet(path);
  const indices = Array.from({ length: 256 }, (_, i) => i);
  await set.read('x', indices);
  // The thread has started by then.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const taken = stopwatch();
  for await (const block of storedBlocks(set, 'x')) void block;
  const { seconds, processor } = taken();
  set.close();
  rmSync(path);
  const size = rows * width * bytes;
  return { type: dtype, bytesPerSecond: size / seconds, byProcessor: size / processor };
}

async function measureMoments(folder: string, rows: number): Promise<Imports['moments']> {
  const path = writeNoise(folder, 'F16', rows, 2);
  const peak = measurePeakMemory();
  const taken = stopwatch();
  const set = await openStoredSet(path);
  const moments = new MomentAccumulator(width, true);
  for await (const { indices, values } of storedBlocks(set, 'x')) moments.update(values, indices.length);
  moments.covariance();
  const time = taken();
  set.close();
  const peakBytes = peak();
  const peer = measurePeer(path);
  return { bytes: rows * width * 2, ...time, peakBytes, ...(peer ? { peer } : {}) };
}

/** Starts to measure the clock and the processor's time of all threads; the function returned returns both, in seconds. */
function stopwatch(): () => { seconds: number; processor: number } {
  const [start, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - start) / 1000, processor: (user + system) / 1e6 };
  };
}

function measurePeer(path: string): Record<string, Moments> | undefined {
  const script = fileURLToPath(new URL('pytorch-import.py', import.meta.url));
  const python = process.env['PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3');
  const { status, stdout } = spawnSync(python, [script, path], { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as Record<string, Moments>) : undefined;
}

/** A file with one array `x` `[rows, 4096]` whose numbers are finite. */
function writeNoise(folder: string, dtype: string, rows: number, bytes: number): string {
  const path = join(folder, `${dtype}.safetensors`);
  const file = openSync(path, 'w');
  writeSync(file, headerOf({ x: { dtype, shape: [rows, width], size: rows * width * bytes } }));
  const block = new Uint8Array(width * bytes * 256);
  let state = 1;
  for (let row = 0; row < rows; row += 256) {
    const words = new Uint32Array(block.buffer);
    // Exponents away from the largest, which is infinity: no bit above the second is 1 together with the next.
    for (let i = 0; i < words.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      words[i] = state & 0xbfbfbfbf;
    }
    writeSync(file, block.subarray(0, Math.min(256, rows - row) * width * bytes));
  }
  closeSync(file);
  return path;
}

function headerOf(tensors: Record<string, { dtype: string; shape: number[]; size: number }>): Buffer {
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, size }]) => [
      name,
      { dtype, shape, data_offsets: [end, (end += size)] },
    ]),
  );
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json]);
}
