import type { ComparedFigures } from '../../shared/domain/comparison.ts';
import { formatParameter } from '../../shared/format.ts';
import type { RunComparison } from './compare-runs.ts';

/** What a comparison says in words and numbers, as pages and reports show it. */
export type ComparisonWords = Pick<ComparedFigures, 'differences' | 'pairs'>;

/** Returns the differences and pairs of a comparison as they are shown. */
export function comparisonWords({ differences, pairs }: RunComparison): ComparisonWords {
  return {
    differences: differences.map(({ key, labels, values }) => ({
      key,
      labels,
      values: values.map((value) => (value === undefined ? null : formatParameter(value))),
    })),
    pairs: pairs.map(({ test, ...pair }) => ({
      ...pair,
      test: test && { difference: test.difference, lower: test.lower, upper: test.upper, p: test.p },
    })),
  };
}
