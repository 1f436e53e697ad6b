import { shortLayerNames } from '../../shared/charts/layer-names.ts';
import { allLayers, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { formatCount, formatDuration, formatInterval, formatMetric, formatPercent } from '../../shared/format.ts';
import { attackRows } from '../../shared/scores/attack-rows.ts';
import { tprAtOnePercentInterval, tprAtOnePercentText } from '../../shared/scores/one-percent.ts';
import { familyWords, pWords, testWords } from '../../shared/comparison-words.ts';
import type { ComparedPair } from '../../shared/domain/comparison.ts';
import { readOffTest, thresholdCells, thresholdGuarantee, thresholdHeads } from '../../shared/threshold-words.ts';
import { runLetter, type Report, type ReportedRun } from './report.ts';

/** A table as text, for a page or for Markdown alike. */
export interface TextTable {
  caption: string;
  head: string[];
  /** Columns whose values stand at the right. */
  numeric: boolean[];
  rows: string[][];
}

const none = '–';

const share = (value: number | null | undefined) => (typeof value === 'number' ? formatPercent(value) : none);

/** The main figures of all runs, a row each. */
export function runsTable({ runs }: Report): TextTable {
  return {
    caption: 'Runs. Intervals are 95 %.',
    head: [
      '',
      'Task',
      'Detector',
      'Model',
      'AUROC',
      'interval',
      'AP',
      'interval',
      'TPR at 1 % FPR',
      'Samples',
      'Poison share',
    ],
    numeric: [false, false, false, false, true, true, true, true, true, true, true],
    rows: runs.map(({ summary, result }, i) => {
      const all = result?.layers[allLayers];
      return [
        runLetter(i),
        [summary.task, summary.taskDetail].filter(Boolean).join(': ') || none,
        [summary.detector, summary.detectorDetail].filter(Boolean).join(', ') || none,
        summary.model || none,
        ...(all ? metricCells(all).slice(0, 5) : [none, none, none, none, none]),
        all ? formatCount(all.n_clean + all.n_anomalous) : none,
        share(summary.metrics['poison_share']),
      ];
    }),
  };
}

/** Accuracy of the classifiers among the runs; null where there are none. */
export function classifiersTable({ runs }: Report): TextTable | null {
  const rows = runs.flatMap(({ summary: { kind, metrics, model, durationMs } }, i) => {
    if (kind !== 'classifier') return [];
    const took = durationMs === null ? none : formatDuration(durationMs);
    return [[runLetter(i), model, share(metrics['clean_accuracy']), share(metrics['attack_success']), took]];
  });
  if (rows.length === 0) return null;
  return {
    caption: 'Classifiers.',
    head: ['', 'Model', 'Clean accuracy', 'Attack success', 'Took'],
    numeric: [false, false, true, true, true],
    rows,
  };
}

/** AUROC on attacks that succeeded and without the target class; null where no run is about an attack. */
export function attacksTable({ runs }: Report): TextTable | null {
  const rows = runs.flatMap(({ result }, i) =>
    (result?.attack ? attackRows(result.attack) : []).map(({ label, anomalous, auroc, interval }) => [
      runLetter(i),
      label,
      anomalous,
      auroc,
      interval,
    ]),
  );
  if (rows.length === 0) return null;
  return {
    caption:
      'On part of the test samples: an attack that failed may have left nothing to find, and on samples of the target class there is nothing to attack. Score over all layers; intervals are 95 %.',
    head: ['', 'Samples', 'Anomalous', 'AUROC', 'interval'],
    numeric: [false, false, true, true, true],
    rows,
  };
}

/** Thresholds calibrated on held-out trusted samples; null where none were held out. */
export function thresholdsTable({ result }: ReportedRun): TextTable | null {
  if (!result?.thresholds) return null;
  return {
    caption: `Calibrated thresholds. ${thresholdGuarantee} ${readOffTest}`,
    head: [...thresholdHeads],
    numeric: [false, true, true, true, true],
    rows: result.thresholds.map(thresholdCells),
  };
}

/** Figures of merit of one run by layer, the aggregate last. */
export function layersTable({ result }: ReportedRun): TextTable | null {
  if (!result) return null;
  const single = Object.keys(result.layers).filter((name) => name !== allLayers);
  const short = shortLayerNames(single);
  const rows = single.map((name, i) => [short[i]!, ...metricCells(result.layers[name]!)]);
  const all = result.layers[allLayers];
  return {
    caption: 'By layer. Intervals are 95 %.',
    head: ['Layer', 'AUROC', 'interval', 'AP', 'interval', 'TPR at 1 % FPR', 'interval'],
    numeric: [false, true, true, true, true, true, true],
    rows: all ? [...rows, [`all, ${result.aggregation}`, ...metricCells(all)]] : rows,
  };
}

function metricCells(metrics: LayerMetrics): string[] {
  return [
    formatMetric(metrics.AUC_ROC),
    formatInterval(metrics.AUC_ROC_interval),
    formatMetric(metrics.AP),
    formatInterval(metrics.AP_interval),
    tprAtOnePercentText(metrics),
    tprAtOnePercentInterval(metrics),
  ];
}

/** More columns than that nobody can read. */
const mostRunColumns = 8;

/** What the runs were asked for and not all alike, a column a run or, of many, a row a value; null where there is nothing. */
export function differencesTable({ runs, differences }: Report): TextTable | null {
  if (differences.length === 0) return null;
  const caption = 'What differs in their parameters.';
  if (runs.length > mostRunColumns)
    return {
      caption,
      head: ['Parameter', 'Value', 'Runs'],
      numeric: [false, false, false],
      rows: differences.flatMap(({ key, values }) =>
        [
          ...Map.groupBy(
            [...runs.keys()].filter((i) => values[i] !== null),
            (i) => values[i]!,
          ),
        ].map(([value, places], k) => [k === 0 ? key : '', value, places.map(runLetter).join(', ')]),
      ),
    };
  return {
    caption,
    head: ['Parameter', ...runs.map((_, i) => runLetter(i))],
    numeric: [false, ...runs.map(() => false)],
    rows: differences.map(({ key, values }) => [key, ...values.map((value) => value ?? none)]),
  };
}

/** What a report calls rows of runs: "A", or "A, B, C" for those that differ in their seeds alone. */
const rowName = (rows: Report['rows'], place: number) => rows[place]!.runs.map(runLetter).join(', ');

/** Figures of runs that differ in their seeds alone, a row each; null where there are none. */
export function seedsTable({ rows, runs }: Report): TextTable | null {
  const folded = rows.flatMap(({ runs: places, figures }, i) =>
    places.length > 1 && figures ? [{ i, places, figures }] : [],
  );
  if (folded.length === 0) return null;
  return {
    caption:
      'Over seeds. Runs that differ in their seeds alone count as one: mean and standard deviation over seeds, with a 95 % interval by a hierarchical bootstrap (seeds outside, samples inside).',
    head: ['Runs', 'Detector', 'Seeds', 'AUROC', 's.d.', 'interval', 'AP', 'TPR at 1 % FPR'],
    numeric: [false, false, true, true, true, true, true, true],
    rows: folded.map(({ i, places, figures: { auroc, ap, tpr } }) => [
      rowName(rows, i),
      [runs[places[0]!]!.summary.detector, runs[places[0]!]!.summary.detectorDetail].filter(Boolean).join(', '),
      String(places.length),
      formatMetric(auroc.value),
      auroc.deviation === null ? none : formatMetric(auroc.deviation),
      formatInterval(auroc),
      formatMetric(ap.value),
      tpr ? formatPercent(tpr.value) : none,
    ]),
  };
}

/** What must be known before figures are believed, a row a doubt; null where there is none, and for a single run, which says it itself. */
export function doubtsTable({ runs }: Report): TextTable | null {
  const rows = runs.flatMap(({ result }, i) =>
    (result?.doubts ?? []).map(({ sentence, remedy }) => [runLetter(i), sentence, remedy]),
  );
  if (rows.length === 0 || runs.length === 1) return null;
  return {
    caption: 'What must be known before these figures are believed.',
    head: ['Run', 'Warning', 'What to do'],
    numeric: [false, false, false],
    rows,
  };
}

/** Which pairs could not be tested and why, a sentence for each reason. */
export function untestedPairs({ pairs, rows }: Report): string[] {
  const untested = pairs.filter(({ test }) => test === null);
  return [...Map.groupBy(untested, ({ reason }) => reason ?? '')].map(([reason, alike]) => {
    const names = alike.map(({ a, b }) => `${rowName(rows, a)} − ${rowName(rows, b)}`);
    return `Not tested: ${names.join('; ')}. ${reason}`.trim();
  });
}

/** Paired tests; null where no pair could be tested. */
export function pairsTable({ pairs, rows }: Report): TextTable | null {
  const tested = pairs.filter(({ test }) => test !== null);
  if (tested.length === 0) return null;
  return {
    caption: ['Paired differences of AUROC on shared test samples.', testWords(tested), familyWords(pairs)]
      .filter((part) => part !== '')
      .join(' '),
    head: ['Pair', 'Difference', '95 % interval', 'p', 'p, Holm', 'Rank correlation', 'Shared samples'],
    numeric: [false, true, true, true, true, true, true],
    rows: tested.map((pair) => pairRow(rows, pair)),
  };
}

function pairRow(rows: Report['rows'], { a, b, shared, test, spearman }: ComparedPair): string[] {
  const { difference, lower, upper, p, corrected } = test!;
  // An interval of no width would claim what the samples cannot show.
  const hasSpread = lower < upper;
  const words = (value: number | null) => (value === null || !hasSpread ? 'not testable' : pWords(value));
  return [
    `${rowName(rows, a)} − ${rowName(rows, b)}`,
    signed(difference),
    hasSpread ? `${signed(lower)} to ${signed(upper)}` : none,
    words(p),
    words(corrected),
    spearman === null ? none : spearman.toFixed(2).replace('-', '−'),
    formatCount(shared),
  ];
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(3);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
}
