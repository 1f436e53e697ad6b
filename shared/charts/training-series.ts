import type { Epoch } from '../domain/live.ts';
import type { TrainingCurveData } from './training-curve-chart.ts';

type Measured = Pick<Epoch, 'epoch' | 'loss' | 'accuracy'> & {
  validation: Record<string, { accuracy: number; attack_success?: number | null | undefined }>;
};

/** The lines of a training curve: loss, accuracy, and of each set of validation data accuracy or attack success. */
export function trainingSeries(history: readonly Measured[]): Pick<TrainingCurveData, 'epochs' | 'losses' | 'shares'> {
  const names = Object.keys(history[0]?.validation ?? {});
  return {
    epochs: history.map(({ epoch }) => epoch),
    losses: [{ name: 'Training loss', values: history.map(({ loss }) => loss) }],
    shares: [
      { name: 'Training accuracy', values: history.map(({ accuracy }) => accuracy) },
      ...names.map((name) => {
        const results = history.map(({ validation }) => validation[name]);
        const isAttacked = results.every((result) => result?.attack_success !== undefined);
        return {
          name: seriesName(name, isAttacked),
          values: results.map((result) => (isAttacked ? result?.attack_success : result?.accuracy) ?? null),
          kind: isAttacked ? ('anomalous' as const) : ('clean' as const),
        };
      }),
    ],
  };
}

/** Short enough to stand beside the end of its line; the two names that validation has by default say it themselves. */
function seriesName(validation: string, isAttacked: boolean): string {
  const what = isAttacked ? 'Attack success' : 'Accuracy';
  if (validation === 'backdoor' || validation === 'clean') return isAttacked ? what : 'Clean accuracy';
  return `${what}, ${validation.length > 12 ? `${validation.slice(0, 11)}…` : validation}`;
}
