import { scoreLabel } from '../../../shared/charts/ticks.ts';
import type { RunSummary } from '../../../shared/domain/live.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { formatCount } from '../../../shared/format.ts';
import { glossary } from '../../../shared/glossary.ts';
import { otherName, type OtherScores } from './other-scores.ts';
import type { RunScores } from '../../runs/run-scores.ts';

/** What the columns of other layers and other runs show about a sample. */
export type Measure = 'rank' | 'score';

export interface SampleColumn {
  id: string;
  label: string;
  /** Explains the head. */
  help: string;
  value: (position: number) => number;
  text: (position: number) => string;
  /** Which way it is first put in order. */
  first: 'ascending' | 'descending';
  isFigure: boolean;
  /** Neighbouring columns that are one thing each. */
  group?: 'layer' | 'run';
}

interface Subject {
  scores: RunScores;
  /** The layer that is looked at, and all of them in order. */
  layer: string;
  layers: readonly { id: string; name: string }[];
  others: readonly RunSummary[];
  otherScores: (run: string) => OtherScores | CupbearerError | undefined;
  measure: Measure;
  /** "Triggered". */
  anomalousWord: string;
}

/** The columns of the table of samples; those of other runs are there before their scores have arrived. */
export function sampleColumns(subject: Subject): SampleColumn[] {
  const { scores, layer, layers, others, otherScores, measure, anomalousWord } = subject;
  const own = scores.of(layer);
  const measured = measure === 'rank' ? 'Rank' : 'Score';
  const detectors = others.map(({ detector }) => detector);
  return [
    {
      id: 'index',
      label: glossary.sampleIndex.term,
      help: glossary.sampleIndex.explanation,
      value: (i) => scores.sampleIndex[i]!,
      text: (i) => String(scores.sampleIndex[i]),
      first: 'ascending',
      isFigure: false,
    },
    {
      id: 'kind',
      label: glossary.kind.term,
      help: glossary.kind.explanation,
      value: (i) => scores.labels[i]!,
      text: (i) => (scores.labels[i] === 1 ? anomalousWord : 'Clean'),
      first: 'ascending',
      isFigure: false,
    },
    ...classColumn(scores, 'trueClass'),
    ...classColumn(scores, 'predictedClass'),
    { id: 'score', label: 'Score', help: glossary.score.explanation, ...scoreFigures(own) },
    { id: 'rank', label: 'Rank', help: glossary.rank.explanation, ...rankFigures(scores.ranks(layer)) },
    ...layers
      .filter(({ id }) => id !== layer)
      .map(({ id, name }) => ({
        id: `layer ${id}`,
        label: name,
        help: `${measured} by ${name}. ${glossary[measure].explanation}`,
        group: 'layer' as const,
        ...(measure === 'rank' ? rankFigures(scores.ranks(id)) : scoreFigures(scores.of(id))),
      })),
    ...others.map((run) => ({
      id: `run ${run.id}`,
      label: detectors.filter((name) => name === run.detector).length > 1 ? otherName(run) : run.detector,
      help: `${measured} by ${otherName(run)}, the latest run of it on these samples. ${glossary[measure].explanation}`,
      group: 'run' as const,
      ...otherFigures(otherScores(run.id), measure),
    })),
  ];
}

function classColumn(scores: RunScores, id: 'trueClass' | 'predictedClass'): SampleColumn[] {
  const array = scores[id];
  if (!array) return [];
  const { term: label, explanation: help } = glossary[id];
  const text = (i: number) => scores.className(id, i) ?? '–';
  return [{ id, label, help, value: (i) => array[i]!, text, first: 'ascending', isFigure: false }];
}

type Figures = Pick<SampleColumn, 'value' | 'text' | 'first' | 'isFigure'>;

const rankFigures = (ranks: Int32Array): Figures => ({
  value: (i) => ranks[i] || NaN,
  text: (i) => (ranks[i] === 0 ? '–' : formatCount(ranks[i]!)),
  first: 'ascending',
  isFigure: true,
});

const scoreFigures = (scores: Float32Array): Figures => ({
  value: (i) => scores[i]!,
  text: (i) => (Number.isNaN(scores[i]) ? '–' : scoreLabel(scores[i]!)),
  first: 'descending',
  isFigure: true,
});

function otherFigures(known: OtherScores | CupbearerError | undefined, measure: Measure): Figures {
  if (known !== undefined && !(known instanceof CupbearerError))
    return measure === 'rank' ? rankFigures(known.ranks) : scoreFigures(known.scores);
  const sign = known === undefined ? '' : '–';
  return { value: () => NaN, text: () => sign, first: measure === 'rank' ? 'ascending' : 'descending', isFigure: true };
}
