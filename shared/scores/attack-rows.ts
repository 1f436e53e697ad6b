import type { AttackFigures, AurocOfSome } from '../domain/evaluation.ts';
import { formatCount, formatInterval, formatMetric } from '../format.ts';

/** AUROC of part of the test samples, in words. */
interface AttackRow {
  term: 'aurocSuccessful' | 'aurocOtherClasses';
  /** Which samples. */
  label: string;
  /** How many anomalous ones: "1,201 of 1,240". */
  anomalous: string;
  /** "0.987", or a dash where it cannot be said. */
  auroc: string;
  /** "0.980 to 0.992", or a dash. */
  interval: string;
}

const words = (found: AurocOfSome | null) => ({
  auroc: found ? formatMetric(found.AUC_ROC) : '–',
  interval: found ? formatInterval(found.AUC_ROC_interval) : '–',
});

/** How a detector does on attacks that succeeded and without the target class, each where it can be said. */
export function attackRows({ attacked, succeeded, successful, other_classes: others }: AttackFigures): AttackRow[] {
  return [
    {
      term: 'aurocSuccessful',
      label: 'Attacks that succeeded',
      anomalous: `${formatCount(succeeded)} of ${formatCount(attacked)}`,
      ...words(successful),
    },
    ...(others
      ? [
          {
            term: 'aurocOtherClasses' as const,
            label: 'Without the target class',
            anomalous: formatCount(others.n_anomalous),
            ...words(others),
          },
        ]
      : []),
  ];
}
