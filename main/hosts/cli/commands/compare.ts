import { resolve } from 'node:path';
import { z } from 'zod';
import { evaluatedRun } from '../../../api/reports/run-sources.ts';
import { namedRun } from '../../../api/runs/named-run.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import type { RunComparison } from '../../../reports/compare-runs.ts';
import { formatCorrelation } from '../../../../shared/charts/correlation-chart.ts';
import {
  familySize,
  familyWords,
  pWords,
  seenWords,
  testWords,
  verdictSentence,
} from '../../../../shared/comparison-words.ts';
import { isScoreChoice } from '../../../../shared/domain/compared.ts';
import type { ComparedPair } from '../../../../shared/domain/comparison.ts';
import type { LayerMetrics } from '../../../../shared/domain/evaluation.ts';
import { knownBounds } from '../../../../shared/domain/comparison.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { counted, formatCount, formatInterval, formatMetric, formatParameter } from '../../../../shared/format.ts';
import { optionalPath, optionalText, parseParams } from '../../../../shared/schema/fields.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { shownPath } from '../results.ts';
import { textTable } from '../table.ts';
import { withLibrary } from '../with-library.ts';
import { writeNamedFile } from '../write-named-file.ts';
import { withWorkbench } from './experiments.ts';

const flags = z.object({
  score: optionalText({
    label: 'Scores',
    help: 'all (each run’s aggregate, the default), mean or max of all layers, nested (for each seed the layer that does best on the other seeds), or layer:NAME',
  }),
  csv: optionalPath({
    label: 'CSV file',
    help: "Write each test sample's score in every run, with its index and label; -o FILE for short",
  }),
});

export const compare: Command = {
  name: 'compare',
  summary:
    'Compare runs sample by sample: AUROC, paired tests corrected by Holm, rank correlation, what differs in their parameters',
  synopsis: 'RUN RUN [RUN ...] [-o FILE.csv]',
  notes:
    'RUN is the id of a run with an evaluation (it may be shortened) or its folder. Runs that differ in their seeds alone count as one.',
  flags,
  short: { '-o': '--csv' },
  maxWords: 26,
  async run(references, given, output) {
    const { csv, score = 'all' } = parseParams(flags, given, flagName);
    if (!isScoreChoice(score))
      throw new CupbearerError(
        'usage',
        `${flagName(['score'])}: expected all, mean, max, nested or layer:NAME, got "${score}".`,
      );
    await withWorkbench(output, async (workbench) => {
      const file = csv === undefined ? undefined : resolve(csv);
      const asked = {
        runs: references.map((reference) => evaluatedRun(workbench.catalogue, namedRun(workbench, reference))),
        score,
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
      const { runs, rows, differences, pairs, samples } = comparison;
      const idsOf = (row: number) => rows[row]!.runs.map((place) => runs[place]!.id);
      const value = {
        score,
        runs: runs.map(({ metrics, ...run }) => ({ ...run, metrics: metrics && withoutCurves(metrics) })),
        rows: rows.map(({ figures, ...row }, i) => ({
          ...row,
          runs: idsOf(i),
          figures: figures && { auroc: figures.auroc, ap: figures.ap, tpr: figures.tpr },
        })),
        differences: differences.map(({ key, values }) => ({ key, values })),
        pairs: pairs.map(({ a, b, ...pair }) => ({ a: idsOf(a), b: idsOf(b), ...pair })),
        family: { pairs: familySize(pairs), correction: 'holm' },
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

const withoutCurves = ({ histogram: _, roc: _roc, pr: _pr, ...metrics }: LayerMetrics) => metrics;

function comparisonText({ runs, rows, differences, pairs, score }: RunComparison): string {
  const names = rows.map(({ runs: places }) => places.map(letter).join(', '));
  const hasSeeds = rows.some(({ seeds }) => seeds.length > 1);
  const rowTable = textTable(
    [
      '',
      'detector',
      'has seen',
      ...(hasSeeds ? ['seeds', 's.d.'] : []),
      'AUROC',
      '95 % interval',
      'AP',
      '95 % interval',
      'samples',
      'run',
    ],
    rows.map(({ detector, seen, figures, reason, runs: places }, i) => {
      const spread = hasSeeds ? [String(places.length), figures && figures.auroc.deviation !== null ? formatMetric(figures.auroc.deviation) : '–'] : []; // prettier-ignore
      const ids = places.map((place) => runs[place]!.id).join(' ');
      if (!figures) return [names[i]!, detector, seenWords[seen], ...spread, '–', reason ?? '', '', '', '', ids];
      const { auroc, ap, clean, anomalous } = figures;
      return [
        names[i]!,
        detector,
        seenWords[seen],
        ...spread,
        formatMetric(auroc.value),
        formatInterval(auroc),
        formatMetric(ap.value),
        formatInterval(knownBounds(ap)),
        formatCount(clean + anomalous),
        ids,
      ];
    }),
    [false, false, false, ...(hasSeeds ? [true, true] : []), true, false, true, false, true, false],
  );
  const compared = pairs.filter(({ reason }) => reason === null);
  const pairTable = textTable(
    ['', 'AUROC difference', '95 % interval', 'p', 'p (Holm)', 'rank correlation', 'shared samples'],
    compared.map((pair) => pairRow(names, pair)),
    [false, true, false, true, true, true, true],
  );
  const differenceTable = textTable(
    ['parameter', ...runs.map((_, i) => letter(i))],
    differences.map(({ key, values }) => [key, ...values.map(shownValue)]),
  );
  const doubts = rows.flatMap((row, i) =>
    row.doubts.map(({ sentence, remedy }) => `${names[i]!}: ${sentence} ${remedy}`),
  );
  const family = familyWords(pairs);
  return [
    verdictSentence({ rows, pairs, names, score }).replaceAll('**', ''),
    '',
    rowTable,
    ...(doubts.length === 0 ? [] : ['', ...doubts]),
    ...(compared.length === 0 ? [] : ['', pairTable, testWords(compared)]),
    ...(family === '' ? [] : [family]),
    ...pairs.filter(({ reason }) => reason !== null).map((pair) => `\n${pairName(names, pair)}: ${pair.reason}`),
    '',
    differences.length === 0 ? 'Their specs are the same.' : differenceTable,
  ].join('\n');
}

function pairName(names: readonly string[], { a, b }: ComparedPair): string {
  return `${names[a]!} − ${names[b]!}`;
}

function pairRow(names: readonly string[], pair: ComparedPair): string[] {
  const { difference, lower, upper, p, corrected } = pair.test!;
  // Two detectors without a mistake, say: an interval of no width would claim what the samples cannot show.
  const hasSpread = lower < upper;
  const words = (value: number | null) => (value === null || !hasSpread ? 'not testable' : pWords(value));
  return [
    pairName(names, pair),
    signed(difference),
    hasSpread ? `${signed(lower)} to ${signed(upper)}` : '–',
    words(p),
    words(corrected),
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
