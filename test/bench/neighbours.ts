/** Scoring by `knn` beside scikit-learn's search, in turns, so that other work on the machine meets both. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { centredRows, meanRow } from '../../main/detectors/parts/nearest.ts';
import { knn } from '../../main/detectors/methods/knn.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { startEngine } from '../../main/tensor/engine.ts';

/** What is searched: as many queries in batches of a run's usual size. */
const sizes = { queries: 5000, references: 20_000, columns: 256, k: 50, batch: 1000 };

/** How many times each side is measured, and how often each time. */
const TURNS = 5;
const CALLS = 3;

export const neighboursName = `peers: knn scores of ${sizes.queries} against ${sizes.references} x ${sizes.columns}, k ${sizes.k}`;

/** The shortest time that was measured: of the clock, and of the processor (all threads together), milliseconds. */
interface Time {
  wall: number;
  processor: number;
}

const shortest = (times: readonly Time[]): Time => ({
  wall: Math.min(...times.map(({ wall }) => wall)),
  processor: Math.min(...times.map(({ processor }) => processor)),
});

/** Measures both; without `peer` where scikit-learn is not installed. */
export async function compareNeighbours(engine: string): Promise<{ ours: Time; peer?: Time }> {
  await startEngine(engine);
  const { columns: d, references: n, queries: m, k, batch: size } = sizes;
  const random = RandomStream.from(0, 'neighbours');
  const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const [reference, x] = [normal(n * d), normal(m * d)];
  const mean = meanRow(reference, d);
  const state = {
    tensors: {
      'layer/mean': { shape: [d], data: mean },
      'layer/reference': { shape: [n, d], data: centredRows(reference, mean) },
    },
    values: { k, normalize: 0 },
  };
  const context = { stream: random } as Parameters<typeof knn.score>[2];
  const score = async () => {
    for (let from = 0; from < m; from += size) {
      const indices = Int32Array.from({ length: size }, (_, i) => from + i);
      const layers = new Map([['layer', x.subarray(from * d, (from + size) * d)]]);
      await knn.score(state, { size, indices, labels: new Int32Array(size), layers }, context);
    }
  };
  await score();
  const [ours, peers]: [Time[], Time[]] = [[], []];
  for (let turn = 0; turn < TURNS; turn++) {
    for (let call = 0; call < CALLS; call++) ours.push(await timed(score));
    const peer = measurePeer();
    if (peer) peers.push(peer);
  }
  return { ours: shortest(ours), ...(peers.length > 0 ? { peer: shortest(peers) } : {}) };
}

async function timed(action: () => Promise<void>): Promise<Time> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await action();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - start, processor: (user + system) / 1000 };
}

function measurePeer(): Time | undefined {
  const script = fileURLToPath(new URL('scikit-learn.py', import.meta.url));
  const python = process.env['PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3');
  const { queries, references, columns, k } = sizes;
  const args = [script, ...[queries, references, columns, k, CALLS].map(String)];
  const { status, stdout } = spawnSync(python, args, { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [wall, processor] = JSON.parse(stdout) as [number, number];
  return { wall, processor };
}
