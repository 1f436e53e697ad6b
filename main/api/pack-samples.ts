import { packArrays } from '../../shared/domain/arrays.ts';
import type { SampleSet, TestPreview } from '../../shared/domain/samples.ts';
import type { LoosePreview, LooseSamples } from '../inspections/inspection.ts';

/** Packs samples for the window. */
export function packSamples(samples: LooseSamples): SampleSet {
  return samples.kind === 'images' ? { ...samples, arrays: packArrays(samples.arrays) } : samples;
}

/** Packs a preview for the window. */
export function packPreview({ samples, normal, unpaired, note }: LoosePreview): TestPreview {
  return {
    samples: packSamples(samples),
    normal: normal && packSamples(normal),
    unpaired: unpaired && packSamples(unpaired),
    note,
  };
}
