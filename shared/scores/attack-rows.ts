import type { AttackFigures, AurocOfSome } from '../domain/evaluation.ts';
import { formatCount } from '../format.ts';

/** AUROC of part of the test samples, in words. */
interface AttackRow {
  term: 'aurocSuccessful' | 'aurocOtherClasses';
  /** Which samples. */
  label: string;
  /** How many anomalous ones: "1,201 of 1,240". */
  anomalous: string;
  auroc: AurocOfSome | null;
}

/** How a detector does on attacks that succeeded and without the target class, each if it is known. */
export function attackRows({ attacked, succeeded, successful, other_classes: others }: AttackFigures): AttackRow[] {
  return [
    {
      term: 'aurocSuccessful',
      label: 'Attacks that succeeded',
      anomalous: `${formatCount(succeeded)} of ${formatCount(attacked)}`,
      auroc: successful,
    },
    ...(others
      ? [
          {
            term: 'aurocOtherClasses' as const,
            label: 'Without the target class',
            anomalous: formatCount(others.n_anomalous),
            auroc: others,
          },
        ]
      : []),
  ];
}
