import { trainingSeries } from '../../../shared/charts/training-series.ts';
import type { Evaluation } from '../../../shared/domain/evaluation.ts';
import { wordsOf } from '../../data/texts.ts';
import type { Figure } from '../../figures/figure.ts';
import { drawEvaluationFigures, type FigureWords } from '../../figures/evaluation-figures.ts';
import { drawTrainingFigure } from '../../figures/training-figure.ts';
import { drawImageSheet } from '../../figures/image-sheet.ts';
import { drawTextSheet } from '../../figures/text-sheet.ts';
import { writeFileAtomically } from '../../storage/atomic-write.ts';
import { createFolderWithin, within } from '../../storage/within-folder.ts';
import { examplePairs } from '../../tasks/splits.ts';
import type { ExamplePairs, Task } from '../../tasks/task.ts';
import type { EpochRecord } from '../training-history.ts';

/** Writes the figures of an evaluation into `figures/`. */
export function drawEvaluation(folder: string, evaluation: Evaluation, words: FigureWords): void {
  writeFigures(folder, drawEvaluationFigures(evaluation, words));
}

/** Writes loss and accuracies by epoch into `figures/`. */
export function drawTrainingCurve(folder: string, history: readonly EpochRecord[]): void {
  writeFigures(folder, [drawTrainingFigure(trainingSeries(history))]);
}

/** Writes a sheet of a task's anomalies beside the samples they were made from, if there is anything to see. */
export function drawExamples(folder: string, { test }: Task, title: string, anomalous: string): void {
  const examples = examplePairs(test);
  if (!examples || (examples.shape.length !== 3 && !examples.vocabulary)) return;
  writeFigures(folder, [drawPairs(examples, { name: 'examples', title, before: 'Clean', after: anomalous })]);
}

/** A sheet of images or, with a vocabulary, of texts: clean, anomalous, and what the difference is. */
export function drawPairs(
  { shape, count, vocabulary, clean: before, anomalous: after }: ExamplePairs,
  words: { name: string; title: string; before: string; after: string },
): Figure {
  if (!vocabulary) return drawImageSheet({ shape, count, before, after }, words);
  const length = before.length / count;
  const text = (tokens: Float32Array, k: number) => wordsOf(tokens.subarray(k * length, (k + 1) * length), vocabulary);
  const pairs = Array.from({ length: count }, (_, k) => ({ before: text(before, k), after: text(after, k) }));
  return drawTextSheet(pairs, words);
}

/** The folder of figures in that of a run. */
export const figuresFolder = 'figures';

/** Writes figures as PNG and SVG into `figures/`. */
export function writeFigures(folder: string, figures: readonly Figure[]): void {
  for (const { name, png, svg } of figures) {
    writeFigureFile(folder, `${name}.png`, png);
    writeFigureFile(folder, `${name}.svg`, svg);
  }
}

/** Writes one file into `figures/`. */
export function writeFigureFile(folder: string, name: string, bytes: Uint8Array): void {
  createFolderWithin(within(folder, figuresFolder));
  writeFileAtomically(within(folder, figuresFolder, name), bytes);
}
