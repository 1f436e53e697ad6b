import type { ComparedFigures } from '../../shared/domain/comparison.ts';
import { formatParameter } from '../../shared/format.ts';
import type { RunComparison } from './compare-runs.ts';

/** What a comparison says in words, as pages and reports show it. */
export type ComparisonWords = Pick<ComparedFigures, 'differences'>;

/** Returns the differences of a comparison as they are shown. */
export function comparisonWords({ differences }: Pick<RunComparison, 'differences'>): ComparisonWords {
  return {
    differences: differences.map(({ key, labels, values }) => ({
      key,
      labels,
      values: values.map((value) => (value === undefined ? null : formatParameter(value))),
    })),
  };
}
