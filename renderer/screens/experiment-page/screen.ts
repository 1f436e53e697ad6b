import { matrixAggregations } from '../../../shared/domain/experiment-view.ts';
import { matrixMetricIds, type MatrixMetric } from '../../../shared/domain/result-matrix.ts';
import { given } from '../../../shared/given.ts';
import { defineScreen, oneOf } from '../../app/screen.ts';

/** A place in an experiment's page. */
export interface ExperimentPlace {
  id: string;
  metric: MatrixMetric;
  /** How layers become one score; as each run combined them unless given. */
  aggregation?: (typeof matrixAggregations)[number];
  /** The layer whose scores are shown alone. */
  layer?: string;
  /** The detector that the others are compared with; the program's own choice unless given. */
  baseline?: string;
  /** The labels of the cell whose details are shown; the first one's unless given. */
  detector?: string;
  task?: string;
  /** What rows are sorted by, as `sortWords` has it. */
  sort?: string;
  /** What curves are drawn against; the matrix is shown unless given. */
  against?: string;
}

/** What an address has of a place besides id and metric. */
const optional = ['layer', 'baseline', 'detector', 'task', 'sort', 'against'] as const;

export const experimentPageScreen = defineScreen({
  id: 'experiment',
  title: 'Experiment',
  path: 'experiments',
  parse([id], query): ExperimentPlace | null {
    if (!id) return null;
    const words = Object.fromEntries(optional.map((key) => [key, query.get(key) || undefined]));
    const aggregation = oneOf(matrixAggregations, query.get('aggregation') ?? undefined, 'own');
    return {
      id,
      metric: oneOf(matrixMetricIds, query.get('metric') ?? undefined, 'auroc'),
      ...(aggregation === 'own' ? {} : { aggregation }),
      ...given(words),
    };
  },
  write({ id, metric, ...rest }) {
    const { aggregation } = rest;
    const query = new URLSearchParams(
      given({
        metric: metric === 'auroc' ? undefined : metric,
        aggregation: aggregation === 'own' ? undefined : aggregation,
        ...Object.fromEntries(optional.map((key) => [key, rest[key]])),
      }),
    ).toString();
    return `/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`;
  },
  partOf: 'experiments',
  load: () => import('./ExperimentPageScreen.svelte'),
});
