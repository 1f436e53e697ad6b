import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { drawEvaluationFigures, type FigureWords } from '../figures/evaluation-figures.ts';
import type { Figure } from '../figures/figure.ts';
import type { Evaluation } from '../../shared/domain/evaluation.ts';
import { decodeText, readFileBytes } from '../storage/read-file.ts';
import type { ReportedFigure } from './report.ts';

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

/**
 * The figures that a run has drawn into its folder, as far as they are there; those of an evaluation are drawn anew where its
 * folder has none of them.
 */
export function runFigures(
  folder: string,
  names: readonly string[],
  evaluation: Evaluation | null,
  words: FigureWords,
): ReportedFigure[] {
  const stored = names.flatMap((name) => {
    const path = join(folder, 'figures', svgName(name));
    return existsSync(path) ? [figureOf(name, decodeText(readFileBytes(path), path))] : [];
  });
  if (stored.length > 0 || evaluation === null) return stored;
  return drawEvaluationFigures(evaluation, words)
    .filter(({ name }) => names.includes(name))
    .map(reportedFigure);
}

/** A figure as it was just drawn. */
export function reportedFigure({ name, svg }: Figure): ReportedFigure {
  return figureOf(name, svg.toString('utf8'));
}

function figureOf(name: string, file: string): ReportedFigure {
  // Within a page neither the XML declaration nor anything that a changed file may have brought along has a place.
  const svg = file.slice(Math.max(0, file.indexOf('<svg'))).replaceAll(/<(script|foreignObject)\b[\s\S]*?<\/\1>/gi, '');
  const description = /<desc[^>]*>([\s\S]*?)<\/desc>/.exec(svg)?.[1] ?? name;
  return { name, svg, description: decoded(description) };
}

function decoded(text: string): string {
  return text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
