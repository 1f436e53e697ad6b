import { z } from 'zod';

/** What stands beside a mean in a table: its 95 % interval, the standard deviation over seeds, or nothing. */
export const tableSpreads = ['interval', 'deviation', 'none'] as const;

const experimentReportFormats = ['html', 'markdown'] as const;
export type ExperimentReportFormat = (typeof experimentReportFormats)[number];

/** What a report tells of single cells: nothing, a table with every seed, or a page each with its charts as well. */
export const reportedCells = ['none', 'seeds', 'pages'] as const;
export type ReportedCells = (typeof reportedCells)[number];

/** How a report of an experiment is made. */
export const reportOptionsSchema = z.object({
  format: z.enum(experimentReportFormats),
  cells: z.enum(reportedCells).default('seeds'),
  /** Whether it has figures beside its tables. */
  figures: z.boolean().default(true),
});
export type ReportOptions = z.infer<typeof reportOptionsSchema>;
