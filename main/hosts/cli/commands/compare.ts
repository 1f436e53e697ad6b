import { resolve } from 'node:path';
import { z } from 'zod';
import { evaluatedRun } from '../../../api/reports/run-sources.ts';
import { namedRun } from '../../../api/runs/named-run.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import type { ComparedPair, RunComparison } from '../../../reports/compare-runs.ts';
import { formatCorrelation } from '../../../../shared/charts/correlation-chart.ts';
import {
  counted,
  formatCount,
  formatInterval,
  formatMetric,
  formatParameter,
  numbered,
} from '../../../../shared/format.ts';
import { optionalPath, parseParams } from '../../../../shared/schema/fields.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { shownPath } from '../results.ts';
import { textTable } from '../table.ts';
import { withLibrary } from '../with-library.ts';
import { writeNamedFile } from '../write-named-file.ts';
import { withWorkbench } from './experiments.ts';

const flags = z.object({
  csv: optionalPath({
    label: 'CSV file',
    help: "Write each test sample's score in every run, with its index and label; -o FILE for short",
  }),
});

export const compare: Command = {
  name: 'compare',
  summary: 'Compare runs sample by sample: AUROC, paired test, rank correlation, what differs in their parameters',
  synopsis: 'RUN RUN [RUN ...] [-o FILE.csv]',
  notes: 'RUN is the id of a run with an evaluation (it may be shortened) or its folder.',
  flags,
  short: { '-o': '--csv' },
  maxWords: 26,
  async run(references, given, output) {
    const { csv } = parseParams(flags, given, flagName);
    await withWorkbench(output, async (workbench) => {
      const file = csv === undefined ? undefined : resolve(csv);
      const asked = {
        runs: references.map((reference) => evaluatedRun(namedRun(workbench, reference))),
        csv: file !== undefined,
      };
      const comparison = await withLibrary((library) =>
        library.ask('compare-runs', asked, { dataDir: defaultDataDir() }),
      );
      if (file !== undefined && comparison.csv !== undefined && (await writeNamedFile(file, comparison.csv))) {
        // A table that goes to standard output stands there alone.
        output.note(comparisonText(comparison));
        return;
      }
      const { runs, differences, pairs, samples } = comparison;
      const value = {
        runs: runs.map(({ metrics: { histogram: _, roc: _roc, pr: _pr, ...metrics }, ...run }) => ({
          ...run,
          metrics,
        })),
        differences: differences.map(({ key, values }) => ({ key, values })),
        pairs: pairs.map(({ a, b, ...pair }) => ({ a: runs[a]!.id, b: runs[b]!.id, ...pair })),
        ...(file === undefined ? {} : { csv: file }),
      };
      output.result(value, () =>
        [
          comparisonText(comparison),
          ...(file === undefined ? [] : ['', `${counted(samples[0]!.labels.length, 'sample')} in ${shownPath(file)}`]),
        ].join('\n'),
      );
    });
  },
};

/** A, B, C, ... */
function letter(run: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + run);
}

function comparisonText({ runs, differences, pairs }: RunComparison): string {
  const runTable = textTable(
    ['', 'detector', 'AUROC', '95 % interval', 'AP', '95 % interval', 'samples', 'run'],
    runs.map(({ id, detector, metrics }, i) => [
      letter(i),
      detector,
      formatMetric(metrics.AUC_ROC),
      formatInterval(metrics.AUC_ROC_interval),
      formatMetric(metrics.AP),
      formatInterval(metrics.AP_interval),
      formatCount(metrics.n_clean + metrics.n_anomalous),
      id,
    ]),
    [false, false, true, false, true, false, true, false],
  );
  const compared = pairs.filter(({ reason }) => reason === null);
  const pairTable = textTable(
    ['', 'AUROC difference', '95 % interval', 'p (DeLong)', 'rank correlation', 'shared samples'],
    compared.map(pairRow),
    [false, true, false, true, true, true],
  );
  const differenceTable = textTable(
    ['parameter', ...runs.map((_, i) => letter(i))],
    differences.map(({ key, values }) => [key, ...values.map(shownValue)]),
  );
  return [
    runTable,
    ...(compared.length === 0 ? [] : ['', pairTable]),
    ...(compared.length > 1
      ? [`Each pair is tested on its own; p is not corrected for ${numbered(compared.length, 'test')}.`]
      : []),
    ...pairs.filter(({ reason }) => reason !== null).map((pair) => `\n${pairName(pair)}: ${pair.reason}`),
    '',
    differences.length === 0 ? 'Their specs are the same.' : differenceTable,
  ].join('\n');
}

function pairName({ a, b }: ComparedPair): string {
  return `${letter(a)} − ${letter(b)}`;
}

function pairRow(pair: ComparedPair): string[] {
  const { difference, lower, upper, p } = pair.test!;
  // Two detectors without a mistake, say: an interval of no width would claim what the samples cannot show.
  const hasSpread = lower < upper;
  return [
    pairName(pair),
    signed(difference),
    hasSpread ? `${signed(lower)} to ${signed(upper)}` : '–',
    p === null || !hasSpread ? 'not testable' : p < 0.001 ? '< 0.001' : p.toFixed(3),
    pair.spearman === null ? '–' : formatCorrelation(pair.spearman),
    formatCount(pair.shared),
  ];
}

/** "+0.012", "−0.004"; four decimals if three would hide a difference. */
function signed(value: number): string {
  const size = Math.abs(value);
  const text = size.toFixed(size !== 0 && size < 0.0005 ? 4 : 3);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
}

function shownValue(value: unknown): string {
  return value === undefined ? '–' : formatParameter(value);
}
