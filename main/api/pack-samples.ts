import { packArrays } from '../../shared/domain/arrays.ts';
import type { SampleSet } from '../../shared/domain/samples.ts';
import type { LooseSamples } from '../experiments/inspections/inspection.ts';

/** Samples as they travel to whoever shows them. */
export function packSamples(samples: LooseSamples): SampleSet {
  return samples.kind === 'images' ? { ...samples, arrays: packArrays(samples.arrays) } : samples;
}
