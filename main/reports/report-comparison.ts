import { pairOf, verdictSentence } from '../../shared/comparison-words.ts';
import type { ComparedFigures } from '../../shared/domain/comparison.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { shortRunNames } from '../../shared/run-names.ts';
import { ranksOf } from '../../shared/scores/ranks.ts';
import {
  drawComparedRanks,
  drawComparedRoc,
  drawComparedScores,
  type ComparedCurve,
  type ScatteredPair,
} from '../figures/comparison-figures.ts';
import type { Figure } from '../figures/figure.ts';
import { runLetter, type ReportedRun } from './report.ts';
import { compareRuns, type RunComparison } from './compare-runs.ts';
import type { EvaluatedRun } from './compare/loaded-run.ts';
import { comparisonWords } from './comparison-words.ts';

/** What a report says of all of its runs together. */
interface ReportedComparison {
  differences: Pick<ComparedFigures['differences'][number], 'key' | 'values'>[];
  rows: ComparedFigures['rows'];
  pairs: ComparedFigures['pairs'];
  verdict: string;
  figures: Figure[];
  /** What is not there, a sentence each. */
  leftOut: string[];
}

/** Every pair is compared; beyond this there would be hundreds. */
const mostPaired = 12;
/** Sets of test samples whose scores are drawn, those of most runs first. */
const mostSets = 3;
/** Of a set, the runs each two of which are drawn sample by sample. */
const mostScattered = 3;

/** Compares the evaluated ones of the runs of a report, whose results are in the folders of `records`; places and values are by all of its runs. */
export function reportComparison(
  records: readonly EvaluatedRun[],
  runs: readonly ReportedRun[],
  hasFigures: boolean,
): ReportedComparison {
  const evaluated = [...runs.keys()].filter((place) => runs[place]!.result !== null);
  const none = { differences: [], rows: [], pairs: [], verdict: '', figures: [], leftOut: [] };
  if (evaluated.length < 2) return none;
  let compared: RunComparison;
  try {
    compared = compareRuns(
      evaluated.map((place) => records[place]!),
      { mostPaired },
    );
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return { ...none, leftOut: [`The runs could not be compared with each other. ${error.message}`] };
  }
  const { differences } = comparisonWords(compared);
  const { score, pairs } = compared;
  const rows = compared.rows.map((row) => ({ ...row, runs: row.runs.map((place) => evaluated[place]!) }));
  const drawn = hasFigures ? drawComparison(compared, runs, evaluated) : { figures: [], leftOut: [] };
  return {
    differences: differences.map(({ key, values }) => ({
      key,
      // A run without an evaluation has no value of its own.
      values: [...runs.keys()].map((place) => values[evaluated.indexOf(place)] ?? null),
    })),
    rows,
    pairs,
    verdict: verdictSentence({
      rows,
      pairs,
      score,
      names: rows.map(({ runs: places }) => places.map(runLetter).join(', ')),
    }),
    figures: drawn.figures,
    leftOut: [...unpaired(rows.length), ...drawn.leftOut],
  };
}

const unpaired = (count: number) =>
  count > mostPaired
    ? [
        `Only the ${mostPaired} rows with the highest AUROC are compared in pairs; the other ${count - mostPaired} are not.`,
      ]
    : [];

function drawComparison(
  { runs: all, rows, pairs, samples }: RunComparison,
  reported: readonly ReportedRun[],
  evaluated: readonly number[],
): { figures: Figure[]; leftOut: string[] } {
  const own = evaluated.map((place) => reported[place]!);
  const names = shortRunNames(own.map(({ summary }) => summary));
  // The aggregate that is compared here, every evaluated run has.
  const compared = all.map(({ metrics }) => metrics!);
  const curves = compared.map((metrics, i): ComparedCurve => ({
    name: `${runLetter(evaluated[i]!)} ${names[i]!}`,
    metrics,
  }));
  const words = new Set(own.map(({ result }) => result!.words.anomalous));
  const anomalous = words.size === 1 ? [...words][0]! : 'Anomalous';
  const sets = samples.slice(0, mostSets).map((set) => ({ ...set, ranks: set.scores.map(ranksOf) }));
  const scattered = sets.flatMap((set): ScatteredPair[] => {
    const auroc = (k: number) => compared[set.runs[k]!]!.AUC_ROC;
    const best = [...set.runs.keys()].sort((a, b) => auroc(b) - auroc(a)).slice(0, mostScattered);
    return best.flatMap((across, i) =>
      best.slice(i + 1).map((up) => {
        const [first, second] = [across, up].map((k) => rows.findIndex((row) => row.runs.includes(set.runs[k]!)));
        // Over several seeds the correlation is a mean, and not that of the two runs which are drawn.
        const pair = pairOf(pairs, first!, second!);
        return { set, across, up, spearman: pair?.seeds === 1 ? pair.spearman : null };
      }),
    );
  });
  return {
    figures: [
      drawComparedRoc(curves, anomalous),
      ...sets.map((set, i) => drawComparedRanks(curves, set, anomalous, i + 1)),
      ...scattered.map((pair, i) => drawComparedScores(curves, pair, anomalous, i + 1)),
    ],
    leftOut: [
      ...(samples.length > mostSets
        ? [
            `The runs are on ${samples.length} sets of test samples that two or more share; the scores on the ${mostSets} sets with most runs are drawn.`,
          ]
        : []),
      ...(sets.some(({ runs }) => runs.length > mostScattered)
        ? [
            `Sample by sample the ${mostScattered} runs with the highest AUROC on the same test samples are drawn, each against each.`,
          ]
        : []),
    ],
  };
}
