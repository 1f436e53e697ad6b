import { matrixMetricIds, type MatrixMetric } from '../../../shared/domain/result-matrix.ts';
import { given } from '../../../shared/given.ts';
import { defineScreen, oneOf } from '../../app/screen.ts';

/** A place in an experiment's page. */
interface ExperimentPlace {
  id: string;
  metric: MatrixMetric;
  /** The detector that the others are compared with; the program's own choice unless given. */
  baseline?: string;
}

export const experimentPageScreen = defineScreen({
  id: 'experiment',
  title: 'Experiment',
  path: 'experiments',
  parse([id], query): ExperimentPlace | null {
    if (!id) return null;
    const baseline = query.get('baseline') || undefined;
    return { id, metric: oneOf(matrixMetricIds, query.get('metric') ?? undefined, 'auroc'), ...given({ baseline }) };
  },
  write({ id, metric, baseline }) {
    const query = new URLSearchParams(given({ metric: metric === 'auroc' ? undefined : metric, baseline })).toString();
    return `/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`;
  },
  partOf: 'experiments',
  load: () => import('./ExperimentPageScreen.svelte'),
});
