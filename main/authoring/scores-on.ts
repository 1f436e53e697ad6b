import { paramsOf } from '../../shared/schema/fields.ts';
import type {
  DetectorContext,
  DetectorDefinition,
  DetectorParams,
  FeatureStream,
  LayerScores,
} from '../detectors/detector.ts';
import type { ActivationBatch } from '../models/activations.ts';
import { RandomStream } from '../tensor/random.ts';

/** Activations by layer, a row a sample. */
type Rows = Readonly<Record<string, readonly (readonly number[])[]>>;

interface Tried {
  trusted?: Rows;
  untrusted?: Rows;
  /** Which of the untrusted samples are anomalous (1). */
  anomalous?: readonly number[];
  test: Rows;
  /** Values of its parameters; the others have their defaults. */
  params?: Readonly<Record<string, unknown>>;
  seed?: number;
}

/** Fits a detector on rows held in memory and returns the scores of others, by layer: for tests of plugins. */
export async function scoresOn(
  detector: DetectorDefinition,
  { trusted, untrusted, anomalous, test, params = {}, seed = 0 }: Tried,
): Promise<LayerScores> {
  const context: DetectorContext = { stream: RandomStream.from(seed, 'detector', detector.id), seed };
  const features = {
    layers: Object.entries(test).map(([name, rows]) => ({ name, dims: rows[0]?.length ?? 1 })),
    ...(trusted ? { trusted: streamOf(trusted) } : {}),
    ...(untrusted
      ? { untrusted: { ...streamOf(untrusted), ...(anomalous ? { anomalous: Uint8Array.from(anomalous) } : {}) } }
      : {}),
  };
  // The schema of the very detector has parsed them.
  const parsed = paramsOf(detector).parse(params) as DetectorParams;
  const state = await detector.fit(features, parsed, context);
  return detector.score(state, batchOf(test), context);
}

function streamOf(rows: Rows): FeatureStream {
  const batch = batchOf(rows);
  return {
    length: batch.size,
    async *batches() {
      yield batch;
    },
  };
}

function batchOf(rows: Rows): ActivationBatch {
  const size = Object.values(rows)[0]?.length ?? 0;
  return {
    size,
    labels: new Int32Array(size),
    indices: Int32Array.from({ length: size }, (_, i) => i),
    layers: new Map(Object.entries(rows).map(([name, values]) => [name, Float32Array.from(values.flat())])),
  };
}
