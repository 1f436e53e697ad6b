import { extname, join, resolve } from 'node:path';
import {
  experimentFigures,
  figureFormats,
  leastFigureMm,
  leastFontPt,
  mostFigureMm,
  mostFontPt,
  type ExperimentFigureKind,
} from '../../../../shared/domain/experiment-figure.ts';
import {
  reportedCells,
  type ExperimentReportFormat,
  type ReportedCells,
} from '../../../../shared/domain/experiment-report.ts';
import type { ViewOptions } from '../../../../shared/domain/experiment-view.ts';
import type { ExperimentSpec } from '../../../../shared/domain/experiment.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { formatBytes } from '../../../../shared/format.ts';
import { given } from '../../../../shared/given.ts';
import { choice, flag, number, optionalPath } from '../../../../shared/schema/fields.ts';
import type { StoredExperiment } from '../../../api/experiments/experiment-store.ts';
import { reportParts } from '../../../api/experiments/report-parts.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import type { MatrixSubject } from '../../../experiments/matrix-subject.ts';
import type { ExperimentPlan } from '../../../experiments/plan.ts';
import { createFolder } from '../../../storage/create-folder.ts';
import type { Output } from '../output.ts';
import { shownPath } from '../results.ts';
import { withLibrary } from '../with-library.ts';
import { makeNamedFile, writeNamedFile } from '../write-named-file.ts';

/** Flags of what is made of an experiment for people to read. */
export const documentFlags = {
  figure: choice({
    label: 'Figure',
    help: 'Of "figures": the matrix with heat, a forest plot of differences to the baseline, ranks as a critical-difference diagram, ROC curves, curves against what is swept',
    options: ['all', ...experimentFigures],
    default: 'all',
  }),
  image: choice({
    label: 'Image format',
    help: 'Of figures that go to a folder',
    options: figureFormats,
    default: 'pdf',
  }),
  width: number({
    label: 'Width',
    help: 'Of a figure; a column is 84 mm wide in many journals, a page 174 mm',
    unit: 'mm',
    min: leastFigureMm,
    max: mostFigureMm,
    default: 174,
  }),
  font_size: number({
    label: 'Font size',
    help: 'Of all text in a figure',
    unit: 'pt',
    min: leastFontPt,
    max: mostFontPt,
    default: 8,
  }),
  cells: choice({
    label: 'Cells',
    help: 'Of a report: nothing about single cells, a table with every seed, or a page each with its charts as well',
    options: reportedCells,
    default: 'seeds',
  }),
  charts: flag({ label: 'Charts', help: 'Of a report: figures beside the tables', default: true }),
  from: optionalPath({
    label: 'Report',
    help: 'Of "new": a report of an experiment (.html, .md), whose file is taken out of it',
  }),
};

/** An experiment as far as it is done. */
export interface DocumentSource {
  experiment: StoredExperiment;
  plan: ExperimentPlan;
  subject: MatrixSubject;
}

/** What the flags ask for. */
interface Asked extends Pick<ViewOptions, 'metric' | 'aggregation'> {
  layer?: string | undefined;
  baseline?: string | undefined;
  out?: string | undefined;
}

/** What is shown of the results. @throws CupbearerError `usage` where both a layer and an aggregate are asked for. */
export function viewOf({ metric, aggregation, layer, baseline }: Omit<Asked, 'out'>): ViewOptions {
  if (layer !== undefined && aggregation !== 'own')
    throw new CupbearerError(
      'usage',
      '--layer takes one layer alone, so there is nothing to combine by --aggregation.',
    );
  return { metric, ...given({ aggregation, layer, baseline }) };
}

interface FigureAsked extends Asked {
  figure: 'all' | ExperimentFigureKind;
  image: (typeof figureFormats)[number];
  width: number;
  font_size: number;
}

/** Writes one figure to a file, or all that there are to a folder. @throws CupbearerError `usage`, `conflict` where there is none. */
export async function writeFigures(
  { experiment, subject }: DocumentSource,
  asked: FigureAsked,
  output: Output,
): Promise<void> {
  const { figure, image, width: widthMm, font_size: fontPt, out } = asked;
  const { data_dir: dataDir } = experiment.file;
  const named = figureFormats.find((format) => extname(out ?? '').toLowerCase() === `.${format}`);
  if (named !== undefined && figure === 'all') {
    throw new CupbearerError('usage', 'One file holds one figure.', {
      hint: `Say which with --figure (${experimentFigures.join(', ')}), or name a folder.`,
    });
  }
  const make = (kind: ExperimentFigureKind) =>
    withLibrary((library) =>
      library.ask(
        'experiment-figure',
        { subject, options: { ...viewOf(asked), figure: kind, format: named ?? image, widthMm, fontPt } },
        { dataDir },
      ),
    );
  if (named !== undefined && figure !== 'all') {
    const path = resolve(out!);
    const { bytes } = await make(figure);
    if (await writeNamedFile(path, bytes)) return;
    return output.result({ files: [path] }, () => shownPath(path));
  }
  const folder = resolve(out ?? '.');
  createFolder(folder);
  const files: string[] = [];
  for (const kind of figure === 'all' ? experimentFigures : [figure]) {
    try {
      const { name, bytes } = await make(kind);
      const path = join(folder, name);
      await writeNamedFile(path, bytes);
      files.push(path);
    } catch (error) {
      // Too few results for one figure are enough for another.
      if (figure !== 'all' || !(error instanceof CupbearerError) || error.code !== 'conflict') throw error;
      output.note(`No figure "${kind}": ${error.message}`);
    }
  }
  output.result({ files }, () => files.map(shownPath).join('\n'));
}

const formatOf: Readonly<Record<string, ExperimentReportFormat>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown',
};

/** Writes a report. @throws CupbearerError `usage` where its file's extension names no format. */
export async function writeReport(
  { experiment, plan, subject }: DocumentSource,
  asked: Asked & { cells: ReportedCells; charts: boolean },
  output: Output,
): Promise<void> {
  const { out, cells, charts: figures } = asked;
  if (out === undefined) throw new CupbearerError('usage', 'A report needs a file.', { hint: 'Add -o report.html.' });
  const format = formatOf[extname(out).toLowerCase()];
  if (format === undefined) {
    throw new CupbearerError('usage', `"${extname(out)}" names no format of a report.`, {
      hint: `Known extensions: ${Object.keys(formatOf).join(', ')}.`,
    });
  }
  const path = resolve(out);
  const question = { subject, options: { ...viewOf(asked), format, cells, figures }, ...reportParts(experiment, plan) };
  let size = 0;
  const wentToOutput = await makeNamedFile(path, async (file) => {
    const { bytes } = await withLibrary((library) =>
      library.ask('experiment-report', { ...question, file }, { dataDir: experiment.file.data_dir }),
    );
    size = bytes;
  });
  if (wentToOutput) return;
  output.result({ file: path, format, bytes: size }, () => `${shownPath(path)} (${formatBytes(size)})`);
}

/** The experiment that a report holds. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function specFromReport(file: string): Promise<ExperimentSpec> {
  return withLibrary((library) =>
    library.ask('experiment-of-report', { file: resolve(file) }, { dataDir: defaultDataDir() }),
  );
}
