import type { RunSummary } from './domain/live.ts';
import type { Suspicion } from './domain/suspicion.ts';
import { suspicions } from './suspicions.ts';

/** Returns the triggers of training and test in words where they are not the same; else null. */
export function otherTrigger({
  trained,
  tested,
}: Pick<RunSummary['subject'], 'trained' | 'tested'>): { trained: string; tested: string } | null {
  if (!trained || !tested) return null;
  const words = ({ id, detail }: typeof trained) => [id, detail].filter(Boolean).join(', ');
  return words(trained) === words(tested) ? null : { trained: words(trained), tested: words(tested) };
}

/** Returns why the result of a run may not be believed, as far as what lists know of it says so. */
export function suspicionsOfSummary({
  kind,
  subject,
  metrics,
  usualAccuracy: usual,
}: Pick<RunSummary, 'kind' | 'subject' | 'metrics' | 'usualAccuracy'>): Suspicion[] {
  if (kind === 'classifier') return [];
  const of = (name: string) => metrics[name] ?? undefined;
  const [auroc, lower, upper] = [of('auroc'), of('auroc_lower'), of('auroc_upper')];
  const [success, accuracy, triggers] = [of('attack_success'), of('clean_accuracy'), otherTrigger(subject)];
  return suspicions({
    ...(success !== undefined && { attack: { aim: subject.tested ? 'label' : 'mistake', success } }),
    ...(accuracy !== undefined && { classifier: { accuracy, usual } }),
    ...(auroc !== undefined &&
      lower !== undefined &&
      upper !== undefined && {
        // Runs of earlier versions do not say how many samples they were tested on.
        detection: {
          auroc,
          lower,
          upper,
          clean: of('test_clean') ?? Infinity,
          anomalous: of('test_anomalous') ?? Infinity,
        },
      }),
    ...(triggers && { triggers }),
  });
}
