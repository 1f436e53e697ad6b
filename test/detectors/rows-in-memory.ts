import type {
  DetectorContext,
  DetectorDefinition,
  DetectorState,
  FeatureStream,
  LayerScores,
} from '../../main/detectors/detector.ts';
import type { ActivationBatch } from '../../main/models/activations.ts';
import { RandomStream } from '../../main/tensor/random.ts';

/** Activations of one layer, called `layer`, with the class that the network predicts for each row. */
export interface Rows {
  x: readonly (readonly number[])[];
  predicted?: readonly number[];
}

const name = 'layer';
const classes = 4;

function batchOf({ x, predicted }: Rows, from = 0, to = x.length): ActivationBatch {
  const rows = x.slice(from, to);
  const logits = new Float32Array(rows.length * classes);
  rows.forEach((_, i) => (logits[i * classes + (predicted?.[from + i] ?? 0)] = 1));
  return {
    inputs: new Float32Array(rows.length),
    labels: new Int32Array(rows.length),
    size: rows.length,
    indices: Int32Array.from(rows, (_, i) => from + i),
    layers: new Map([[name, Float32Array.from(rows.flat())]]),
    logits,
  };
}

/** A stream of the rows, seven a batch. */
export function streamOf(rows: Rows): FeatureStream {
  return {
    length: rows.x.length,
    async *batches() {
      for (let from = 0; from < rows.x.length; from += 7) yield batchOf(rows, from, from + 7);
    },
  };
}

const context = (seed: number): DetectorContext => ({
  network: undefined as never,
  stream: RandomStream.from(seed, 'test'),
});

/** Fits a detector with defaults and `params` to rows of one layer. */
export function fitRows(
  detector: DetectorDefinition,
  data: { trusted?: Rows; untrusted?: Rows },
  params: Record<string, unknown> = {},
  seed = 0,
): Promise<DetectorState> {
  const dims = (data.trusted ?? data.untrusted)!.x[0]?.length ?? 1;
  return detector.fit(
    {
      layers: [{ name, dims }],
      ...(data.trusted ? { trusted: streamOf(data.trusted) } : {}),
      ...(data.untrusted ? { untrusted: streamOf(data.untrusted) } : {}),
    },
    detector.params.parse(params) as never,
    context(seed),
  );
}

/** Scores of rows of the one layer. */
export async function scoreRows(detector: DetectorDefinition, state: DetectorState, rows: Rows): Promise<number[]> {
  const scores: LayerScores = await detector.score(state, batchOf(rows), context(0));
  return [...scores.get(name)!];
}

/** `n` rows of `d` standard normal numbers, shifted. */
export function gaussian(seed: number, n: number, d: number, shift: readonly number[] = []): number[][] {
  const stream = RandomStream.from(seed, 'rows');
  return Array.from({ length: n }, () =>
    Array.from({ length: d }, (_, j) => Math.fround(stream.normal() + (shift[j] ?? 0))),
  );
}

/** Share of pairs in which the anomalous score is the larger one (ties count half). */
export function auroc(clean: readonly number[], anomalous: readonly number[]): number {
  let won = 0;
  for (const a of anomalous) for (const c of clean) won += a > c ? 1 : a === c ? 0.5 : 0;
  return won / (clean.length * anomalous.length);
}
