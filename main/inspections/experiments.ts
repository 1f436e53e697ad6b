import { basename } from 'node:path';
import type { ExperimentSpec } from '../../shared/domain/experiment.ts';
import type { ExperimentPlan, PlanSource } from '../experiments/plan.ts';
import { planWithRecords } from '../experiments/recorded-outlines.ts';
import type { FiguresByLayer } from '../../shared/domain/experiment-view.ts';
import type { MatrixMetric } from '../../shared/domain/result-matrix.ts';
import type { MatrixSubject } from '../experiments/matrix-subject.ts';
import { figuresByLayer } from '../reports/experiment-matrix.ts';
import { experimentFigure, type FigureRequest } from '../reports/experiment-figures.ts';
import { specOfReport } from '../reports/experiment-report/embedded-spec.ts';
import { writeExperimentReport } from '../reports/experiment-report/index.ts';
import type { ExperimentReportRequest } from '../reports/experiment-report/request.ts';
import type { WrittenReport } from '../reports/make-report.ts';
import { readTextFile } from '../storage/read-file.ts';
import { experimentTable, type TableFile, type TableRequest } from '../reports/experiment-table.ts';
import { experimentView, type ViewRequest, type ViewedExperiment } from '../reports/experiment-view.ts';

/** Plans an experiment. @throws CupbearerError as {@link planWithRecords}. */
export const planOf = (source: PlanSource): Promise<ExperimentPlan> => planWithRecords(source);

/** What the page of an experiment shows, as {@link experimentView} puts it together. */
export const viewOfExperiment = (request: ViewRequest): ViewedExperiment => experimentView(request);

/** Writes the results of an experiment as a table, as {@link experimentTable} does. */
export const tableOfExperiment = (request: TableRequest): TableFile => experimentTable(request);

/** The figures of an experiment at each layer, as {@link figuresByLayer} finds them. */
export const layersOfExperiment = ({
  subject,
  metric,
}: {
  subject: MatrixSubject;
  metric: MatrixMetric;
}): FiguresByLayer => figuresByLayer(subject, metric);
/** Draws a figure of an experiment, as {@link experimentFigure} does. */
export const figureOfExperiment = (request: FigureRequest): TableFile => experimentFigure(request);

/** Writes a report of an experiment to a file, as {@link writeExperimentReport} does. */
export const reportOfExperiment = (request: ExperimentReportRequest): WrittenReport => writeExperimentReport(request);

/** A report with the charts of many cells may be as large as that. */
const mostReportBytes = 2 ** 28;

/** The experiment that a report holds. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export const experimentOfReport = ({ file }: { file: string }): ExperimentSpec =>
  specOfReport(readTextFile(file, mostReportBytes), basename(file));
