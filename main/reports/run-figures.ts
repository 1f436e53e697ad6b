import { drawEvaluationFigures, type FigureWords } from '../figures/evaluation-figures.ts';
import type { Figure } from '../figures/figure.ts';
import type { Evaluation } from '../../shared/domain/evaluation.ts';
import type { ReportedFigure } from './report.ts';
import { hasFigure, leftOutFigure, readSvgFigure } from './stored-figures.ts';

/** How much of its figures a run brings along: with many runs each must be brief. */
export type FigureChoice = 'all' | 'main' | 'brief';

const svgName = (name: string) => `${name}.svg`;

/** Names of the figures of an evaluated run, in reading order; `headline` is the layer that its sentence speaks of. */
export function figureNames(layers: readonly string[], headline: string, choice: FigureChoice): string[] {
  const main = layers.length > 2 ? ['layers', `histogram-${headline}`] : [`histogram-${headline}`];
  if (choice === 'brief') return main;
  if (choice === 'main') return [...main, 'roc'];
  const rest = layers.filter((layer) => layer !== headline);
  return [
    ...main,
    'roc',
    'precision-recall',
    ...rest.map((layer) => `histogram-${layer}`),
    'score-correlation',
    'variance',
    ...layers.map((layer) => `activations-${layer}`),
  ];
}

/** Figures of a run, and why others are not among them, a sentence each. */
interface RunFigures {
  figures: ReportedFigure[];
  leftOut: string[];
}

/**
 * Returns the figures that a run has drawn into its folder, those that can be trusted. The figures of its evaluation are
 * redrawn if they cannot, or if the folder has none at all.
 */
export function runFigures(
  folder: string,
  names: readonly string[],
  evaluation: Evaluation | null,
  words: FigureWords,
): RunFigures {
  const stored = new Map<string, ReportedFigure>();
  const refused = new Map<string, string>();
  for (const name of names) {
    const file = svgName(name);
    if (!hasFigure(folder, file)) continue;
    try {
      stored.set(name, { name, ...readSvgFigure(folder, file) });
    } catch (error) {
      refused.set(name, leftOutFigure(file, error));
    }
  }
  const hasNone = stored.size === 0;
  if (evaluation !== null && (hasNone || refused.size > 0)) {
    for (const figure of drawEvaluationFigures(evaluation, words)) {
      const isWanted = names.includes(figure.name) && (hasNone || refused.has(figure.name));
      if (!isWanted) continue;
      stored.set(figure.name, reportedFigure(figure));
      refused.delete(figure.name);
    }
  }
  return { figures: names.flatMap((name) => stored.get(name) ?? []), leftOut: [...refused.values()] };
}

/** A figure as it was just drawn. */
export function reportedFigure({ name, svg, description }: Figure): ReportedFigure {
  return { name, svg: svg.toString('utf8'), description };
}
