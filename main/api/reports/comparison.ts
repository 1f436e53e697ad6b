import { packArrays } from '../../../shared/domain/arrays.ts';
import type { Comparison } from '../../../shared/domain/result.ts';
import type { DescribedComparison } from '../../inspections/results.ts';
import type { RunSummaries } from '../runs/run-summaries.ts';

/** Returns a comparison as it travels to whoever shows it. */
export function toComparison({ runs, samples, words }: DescribedComparison, summaries: RunSummaries): Comparison {
  return {
    runs: runs.map(({ id, metrics }) => ({ summary: summaries.get(id), metrics })),
    ...words,
    samples: samples.map(({ runs: places, sampleIndex, labels, scores }) => ({
      runs: places,
      arrays: packArrays({
        sample_index: sampleIndex,
        labels,
        ...Object.fromEntries(places.map((place, i) => [`scores/${runs[place]!.id}`, scores[i]!])),
      }),
    })),
  };
}
