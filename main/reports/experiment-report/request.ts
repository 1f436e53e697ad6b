import type { ExperimentFile } from '../../../shared/domain/experiment.ts';
import type { ReportOptions } from '../../../shared/domain/experiment-report.ts';
import type { ViewOptions } from '../../../shared/domain/experiment-view.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import type { MatrixSubject } from '../../experiments/matrix-subject.ts';

/** What of its plan a report of an experiment tells, by the places of its rows and columns. */
export interface ReportParts {
  experiment: Pick<ExperimentFile, 'id' | 'created_at' | 'spec'>;
  /** `classifier` has the parameters of its training but for the seed; null for a run that was there before. */
  columns: readonly { task: Picked | null; classifier: Readonly<Record<string, unknown>> | null }[];
  rows: readonly { detector: Picked | null }[];
}

/** What a report of an experiment is asked for. */
export interface ExperimentReportRequest extends ReportParts {
  subject: MatrixSubject;
  options: ViewOptions & ReportOptions;
  /** Path of the file that it is written to. */
  file: string;
}
