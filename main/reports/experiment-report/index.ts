import type { ExperimentReportFormat } from '../../../shared/domain/experiment-report.ts';
import { slug } from '../../../shared/slug.ts';
import { writeFileAtomically } from '../../storage/atomic-write.ts';
import { fileSize } from '../../storage/read-file.ts';
import type { WrittenReport } from '../make-report.ts';
import { composeReport } from './compose.ts';
import type { ReportDocument } from './document.ts';
import { htmlDocument } from './html.ts';
import { markdownDocument } from './markdown.ts';
import type { ExperimentReportRequest } from './request.ts';

const kinds: Record<
  ExperimentReportFormat,
  { extension: string; type: string; write: (document: ReportDocument) => string }
> = {
  html: { extension: 'html', type: 'text/html', write: htmlDocument },
  markdown: { extension: 'md', type: 'text/markdown', write: markdownDocument },
};

/** Writes a report of an experiment to a file. @throws CupbearerError `storage`. */
export function writeExperimentReport(request: ExperimentReportRequest): WrittenReport {
  const { file, options, experiment } = request;
  const { extension, type, write } = kinds[options.format];
  writeFileAtomically(file, write(composeReport(request)));
  return { name: `${slug(experiment.spec.name) || 'experiment'}.${extension}`, type, bytes: fileSize(file) };
}
