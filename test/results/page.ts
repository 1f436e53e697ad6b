/** docs/results.md from what has been measured. */
import { detectorRegistry } from '../../main/detectors/index.ts';
import { formatMetric } from '../../shared/format.ts';
import { columns, seeds, type Column } from './settings.ts';
import { measured, type Measured, type Measurement } from './store.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** Mean over the seeds, then the lowest lower and the highest upper bound of their 95 % intervals. */
function cell(of: readonly Measurement[]): string {
  const done = of.filter((one) => one.auroc !== undefined);
  if (done.length === 0) return of.length === 0 ? 'did not run' : 'not possible';
  const lower = Math.min(...done.map((one) => one.lower!));
  const upper = Math.max(...done.map((one) => one.upper!));
  const missing = done.length < seeds.length ? ` (${done.length} of ${seeds.length} seeds)` : '';
  return `**${formatMetric(mean(done.map((one) => one.auroc!)))}** ${formatMetric(lower)}–${formatMetric(upper)}${missing}`;
}

const means = (figures: readonly (number | undefined)[], format: (value: number) => string): string => {
  const known = figures.filter((figure) => figure !== undefined);
  return known.length === 0 ? '' : format(mean(known));
};

/** The page; `columns` and `seeds` that were not measured yet are said to be missing. */
export function resultsPage(): string {
  const all = new Map<Column, Measured[]>(
    columns.map((column) => [column, seeds.map((seed) => measured(column, seed))]),
  );
  const of = (detector: string, column: Column) =>
    all.get(column)!.flatMap(({ detectors }) => detectors.get(detector) ?? []);
  const reasons = columns.flatMap((column) =>
    detectorRegistry.ids.flatMap((detector) =>
      of(detector, column).flatMap(({ error }) => (error ? [`${detector}, ${column.id}: ${error}`] : [])),
    ),
  );
  const attacked = columns.filter((column) =>
    detectorRegistry.ids.some((detector) => of(detector, column).some(({ successful }) => successful !== undefined)),
  );
  return [
    '# Results',
    '',
    'Every detector on every built-in task, made by `npm run results` (which goes on where it was cut off; `build/results` keeps what',
    `was measured). AUROC of the aggregate over layers (their mean): mean over seeds ${seeds.join(', ')} of classifier, task and detector; behind it`,
    "the lowest lower and the highest upper bound of the seeds' 95 % intervals (DeLong). 0.5 is guessing; below it the order is upside",
    'down. Classifiers, tasks and the few parameters that are not defaults are those of `test/results/settings.ts`: an MLP 128,128 on the',
    'built-in digits (8 epochs, a tenth of the samples poisoned), at most 4,000 training samples for the detectors, half of them trusted,',
    'half untrusted and a hundredth of those anomalous, and at most 1,600 test samples, half anomalous. The poison share is that of the anomalous',
    'among the untrusted samples that the classifier takes for the class with the most of them. For quirky arithmetic the default',
    'transformer, 10 epochs on the default sums, and at most 1,000 test samples. Seconds are processor time of one thread for fitting and scoring,',
    'mean of all columns.',
    '',
    row(['detector', ...columns.map(({ id }) => id), 'fit and score, s']),
    row(['---', ...columns.map(() => '---'), '---:']),
    ...detectorRegistry.ids.map((detector) => {
      const seconds = columns.flatMap((column) => of(detector, column).map((one) => one.seconds));
      return row([
        detector,
        ...columns.map((column) => cell(of(detector, column))),
        means(seconds, (value) => value.toFixed(1)),
      ]);
    }),
    '',
    '## Where there was something to find',
    '',
    'AUROC on the attacks that succeeded (all clean samples against those anomalous ones that the classifier took for what the attacker',
    'wants; an attack that failed may have left nothing to find) / without the samples, clean or anomalous, that were of the target class',
    'anyway. Means over the seeds; adversarial examples have no target class.',
    '',
    row(['detector', ...attacked.map(({ id }) => id)]),
    row(['---', ...attacked.map(() => '---:')]),
    ...detectorRegistry.ids.map((detector) =>
      row([
        detector,
        ...attacked.map((column) => {
          const found = of(detector, column);
          const [successful, others] = [
            means(
              found.map((one) => one.successful),
              formatMetric,
            ),
            means(
              found.map((one) => one.otherClasses),
              formatMetric,
            ),
          ];
          return others === '' ? successful : `${successful} / ${others}`;
        }),
      ]),
    ),
    '',
    '## The classifiers',
    '',
    row(['task', 'clean accuracy', 'attack success', 'poison share']),
    row(['---', '---:', '---:', '---:']),
    ...columns.map((column) => {
      const figure = (key: string) =>
        means(
          all.get(column)!.map(({ classifier }) => classifier?.[key] ?? undefined),
          formatMetric,
        );
      return row([column.id, figure('clean_accuracy'), figure('attack_success'), figure('poison_share')]);
    }),
    ...(reasons.length > 0
      ? ['', '## Where there is no figure', '', ...[...new Set(reasons)].map((reason) => `- ${reason}`)]
      : []),
    '',
  ].join('\n');
}
