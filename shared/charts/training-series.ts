import type { Epoch, Steps } from '../domain/live.ts';
import type { TrainingCurveData } from './training-curve-chart.ts';

type Measured = Pick<Epoch, 'epoch' | 'loss' | 'accuracy'> & {
  validation: Record<string, { accuracy: number; attack_success?: number | undefined }>;
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

/** As {@link trainingSeries}, with the loss of every step so far: a step stands at its part of its epoch. */
export function trainingSoFar(
  history: readonly Measured[],
  steps: readonly Steps[],
): Pick<TrainingCurveData, 'epochs' | 'losses' | 'shares'> {
  const { epochs, losses, shares } = trainingSeries(history);
  const at = steps.flatMap(({ epoch, first, of, losses: some }) =>
    some.map((_, k) => epoch - 1 + (first + k + 1) / of),
  );
  const behind = (values: readonly (number | null)[]) => [...at.map(() => null), ...values];
  const byStep = { name: 'Loss by step', values: [...steps.flatMap((some) => some.losses), ...epochs.map(() => null)] };
  return {
    epochs: [...at, ...epochs],
    losses: [byStep, ...(epochs.length > 0 ? losses.map((one) => ({ ...one, values: behind(one.values) })) : [])],
    shares: epochs.length > 0 ? shares.map((one) => ({ ...one, values: behind(one.values) })) : [],
  };
}

/** Short enough to stand beside the end of its line; the two names that validation has by default say it themselves. */
function seriesName(validation: string, isAttacked: boolean): string {
  const what = isAttacked ? 'Attack success' : 'Accuracy';
  if (validation === 'backdoor' || validation === 'clean') return isAttacked ? what : 'Clean accuracy';
  return `${what}, ${validation.length > 12 ? `${validation.slice(0, 11)}…` : validation}`;
}
