import type { ArrayMap } from '../../shared/domain/arrays.ts';
import type { CloseSample, SampleSet, TestPreview } from '../../shared/domain/samples.ts';
import type { LoadedDatasets } from '../data/loaded-datasets.ts';

/** What an inspection may use. */
export interface InspectionContext {
  readonly dataDir: string;
  readonly signal: AbortSignal;
  /** Datasets that were loaded for earlier questions. */
  readonly datasets: LoadedDatasets;
  /** How far the answer is; a total of 0 is one that is not known. Called as often as convenient. */
  readonly progress?: (phase: string, done: number, total: number) => void;
}

/** A {@link SampleSet} before its arrays are packed: they cross between our own processes as they are. */
export type LooseSamples =
  | Exclude<SampleSet, { kind: 'images' }>
  | (Omit<Extract<SampleSet, { kind: 'images' }>, 'arrays'> & { arrays: ArrayMap });

/** A {@link CloseSample} before its arrays are packed. */
export interface LooseCloseSample extends Omit<CloseSample, 'sample'> {
  sample: LooseSamples;
}

/** A {@link TestPreview} before its arrays are packed. */
export interface LoosePreview {
  samples: LooseSamples;
  normal: LooseSamples | null;
  unpaired: LooseSamples | null;
  note: TestPreview['note'];
}
