/** Measures every detector on every built-in task with three seeds and writes docs/results.md: `npm run results`. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { formatDuration, formatMetric } from '../../shared/format.ts';
import type { Measurement } from './measure.ts';
import { columns, seeds } from './settings.ts';

const worker = fileURLToPath(new URL('measure.ts', import.meta.url));
const measurements: Measurement[] = [];
const classifiers: { column: string; seed: number; classifier: Record<string, number> }[] = [];
const started = performance.now();

/** Runs one column with one seed in a process of its own, so that memory is given back in between. */
function measure(column: string, seed: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [worker, column, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const result = JSON.parse(line) as Measurement & { classifier?: Record<string, number> };
      if (result.classifier) classifiers.push({ column, seed, classifier: result.classifier });
      else measurements.push(result);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      console.log(
        `${formatDuration(performance.now() - started)}: ${column}, seed ${seed}${code === 0 ? '' : ` ended with code ${code}`}`,
      );
      resolve();
    });
  });
}

const queue = columns.flatMap(({ id }) => seeds.map((seed) => ({ id, seed })));
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let job = queue.shift(); job; job = queue.shift()) await measure(job.id, job.seed);
  }),
);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean over the seeds; below it the lowest lower and the highest upper bound of their 95 % intervals. */
function cell(detector: string, column: string): string {
  const of = measurements.filter((one) => one.detector === detector && one.column === column);
  const done = of.filter((one) => one.auroc !== undefined);
  if (done.length === 0) return of.length === 0 ? 'did not run' : 'not possible';
  const lower = Math.min(...done.map((one) => one.lower!));
  const upper = Math.max(...done.map((one) => one.upper!));
  const missing = done.length < seeds.length ? ` (${done.length} of ${seeds.length} seeds)` : '';
  return `**${formatMetric(mean(done.map((one) => one.auroc!)))}** ${formatMetric(lower)}–${formatMetric(upper)}${missing}`;
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const reasons = [
  ...new Set(measurements.filter((one) => one.error).map((one) => `${one.detector}, ${one.column}: ${one.error}`)),
];
const seconds = (detector: string) => {
  const times = measurements
    .filter((one) => one.detector === detector && one.seconds !== undefined)
    .map((one) => one.seconds!);
  return times.length === 0 ? '' : mean(times).toFixed(1);
};

writeFileSync(
  new URL('../../docs/results.md', import.meta.url),
  [
    '# Results',
    '',
    `Every detector on every built-in task, made by \`npm run results\` (${formatDuration(performance.now() - started)} on ${availableParallelism()} cores).`,
    `AUROC of the aggregate over layers: mean over seeds ${seeds.join(', ')}; behind it the lowest lower and the highest upper bound of the seeds'`,
    '95 % intervals (DeLong). Default parameters throughout. Classifiers and tasks are those of `test/results/settings.ts`; half of the',
    'training data is trusted, half untrusted and itself half anomalous. 0.5 is guessing; below it the order is upside down.',
    '',
    row(['detector', ...columns.map(({ id }) => id), 'fit and score, s']),
    row(['---', ...columns.map(() => '---'), '---:']),
    ...detectorRegistry.ids.map((detector) =>
      row([detector, ...columns.map(({ id }) => cell(detector, id)), seconds(detector)]),
    ),
    '',
    '## The classifiers',
    '',
    row(['task', 'clean accuracy', 'attack success']),
    row(['---', '---:', '---:']),
    ...columns.map(({ id }) => {
      const of = classifiers.filter(({ column }) => column === id).map(({ classifier }) => classifier);
      const figure = (key: string) => {
        const values = of.map((metrics) => metrics[key]).filter((value) => value !== undefined);
        return values.length === 0 ? '' : formatMetric(mean(values));
      };
      return row([id, figure('clean_accuracy'), figure('attack_success')]);
    }),
    ...(reasons.length > 0 ? ['', '## Where there is no figure', '', ...reasons.map((reason) => `- ${reason}`)] : []),
    '',
  ].join('\n'),
);
