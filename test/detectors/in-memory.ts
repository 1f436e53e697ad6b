import type {
  DetectorContext,
  DetectorDefinition,
  DetectorParams,
  DetectorState,
  Features,
  FeatureStream,
} from '../../main/detectors/detector.ts';
import type { ActivationBatch } from '../../main/models/activations.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { paramsOf } from '../../shared/schema/fields.ts';

/** Samples as a detector sees them: by layer one row a sample. */
export interface Rows {
  layers: Record<string, readonly (readonly number[])[]>;
  /** Class the network predicts of each sample; 0 unless given. */
  predicted?: readonly number[];
  anomalous?: readonly number[];
}

const classes = 3;

function batchOf({ layers, predicted }: Rows): ActivationBatch {
  const size = Object.values(layers)[0]!.length;
  const logits = new Float32Array(size * classes);
  for (let i = 0; i < size; i++) logits[i * classes + (predicted?.[i] ?? 0)] = 1;
  return {
    inputs: new Float32Array(size),
    labels: new Int32Array(size),
    size,
    indices: Int32Array.from({ length: size }, (_, i) => i),
    layers: new Map(Object.entries(layers).map(([name, rows]) => [name, Float32Array.from(rows.flat())])),
    logits,
  };
}

function streamOf(rows: Rows, batchSize: number): FeatureStream {
  const length = Object.values(rows.layers)[0]!.length;
  return {
    length,
    ...(rows.anomalous ? { anomalous: Uint8Array.from(rows.anomalous) } : {}),
    async *batches() {
      for (let from = 0; from < length; from += batchSize) {
        const cut = <T>(values: readonly T[]) => values.slice(from, from + batchSize);
        yield batchOf({
          layers: Object.fromEntries(Object.entries(rows.layers).map(([name, all]) => [name, cut(all)])),
          ...(rows.predicted ? { predicted: cut(rows.predicted) } : {}),
        });
      }
    },
  };
}

export const context: DetectorContext = {
  get network(): never {
    throw new Error('There is no network in this test.');
  },
  stream: RandomStream.from(0, 'detectors'),
};

/** Fits a detector with `params` over its defaults on rows held in memory. */
export function fit(
  definition: DetectorDefinition,
  data: { trusted?: Rows; untrusted?: Rows },
  params: Record<string, unknown> = {},
  batchSize = 7,
): Promise<DetectorState> {
  const some = (data.trusted ?? data.untrusted)!;
  const features: Features = {
    layers: Object.entries(some.layers).map(([name, rows]) => ({ name, dims: rows[0]?.length ?? 1 })),
    ...(data.trusted ? { trusted: streamOf(data.trusted, batchSize) } : {}),
    ...(data.untrusted ? { untrusted: streamOf(data.untrusted, batchSize) } : {}),
  };
  return definition.fit(features, paramsOf(definition).parse(params) as DetectorParams, context);
}

/** Scores of rows at the layer `name`. */
export async function scoresOf(
  definition: DetectorDefinition,
  state: DetectorState,
  rows: Rows,
  name = Object.keys(rows.layers)[0]!,
): Promise<number[]> {
  const scores = await definition.score(state, batchOf(rows), context);
  return [...scores.get(name)!];
}

/** `n` rows of `d` independent normal numbers with deviations `scale` (1 unless given) about `mean` (0 unless given). */
export function normalRows(
  n: number,
  d: number,
  name: string,
  { scale = [], mean = [] }: { scale?: readonly number[]; mean?: readonly number[] } = {},
): number[][] {
  const stream = RandomStream.from(0, 'normal-rows', name);
  return Array.from({ length: n }, () =>
    Array.from({ length: d }, (_, j) => Math.fround((mean[j] ?? 0) + (scale[j] ?? 1) * stream.normal())),
  );
}
