import { extname, resolve } from 'node:path';
import { z } from 'zod';
import { reportFormats } from '../../../../shared/contract.ts';
import { CupbearerError } from '../../../../shared/errors.ts';
import { formatBytes } from '../../../../shared/format.ts';
import { choice, optionalPath, optionalText, parseParams } from '../../../../shared/schema/fields.ts';
import { reportSources } from '../../../api/reports/run-sources.ts';
import { namedRun } from '../../../api/runs/named-run.ts';
import { RunSummaries } from '../../../api/runs/run-summaries.ts';
import { defaultDataDir } from '../../../data/data-dir.ts';
import type { ReportFormat } from '../../../reports/make-report.ts';
import { decodeText, readFileBytes } from '../../../storage/read-file.ts';
import type { Command } from '../command.ts';
import { flagName } from '../flags.ts';
import { shownPath } from '../results.ts';
import { withLibrary } from '../with-library.ts';
import { makeNamedFile } from '../write-named-file.ts';
import { withWorkbench } from './experiments.ts';

const byExtension = 'by-extension';

const flags = z.object({
  out: optionalPath({ label: 'File', help: 'Where the report goes; -o FILE for short' }),
  format: choice({
    label: 'Format',
    help: 'scores: a line a sample; figures-svg and figures-png: a zip of all figures; by the extension of FILE unless given',
    options: [byExtension, ...reportFormats],
    default: byExtension,
  }),
  title: optionalText({ label: 'Title', help: 'Title of the report' }),
  question: optionalText({ label: 'Question', help: 'What was to be found out' }),
  notes: optionalPath({ label: 'Notes', help: 'A Markdown file with your own words' }),
});

const formatOf: Record<string, ReportFormat> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.csv': 'csv',
  '.json': 'json',
  '.zip': 'figures-svg',
};

export const report: Command = {
  name: 'report',
  summary: 'Make one file of runs: HTML or Markdown with figures, the numbers, the scores',
  synopsis: 'RUN [RUN ...] -o FILE [--FLAG VALUE ...]',
  notes: 'RUN is the id of a run (it may be shortened) or its folder.',
  flags,
  short: { '-o': '--out' },
  maxWords: 1000,
  async run(references, given, output) {
    const { out, format, title, question, notes } = parseParams(flags, given, flagName);
    if (references.length === 0) throw new CupbearerError('usage', 'A report needs at least one run.');
    if (out === undefined) throw new CupbearerError('usage', 'A report needs a file.', { hint: 'Add -o report.html.' });
    const chosen = format === byExtension ? formatOf[extname(out).toLowerCase()] : format;
    if (chosen === undefined) {
      throw new CupbearerError('usage', `"${extname(out)}" names no format of a report.`, {
        hint: `Known extensions: ${Object.keys(formatOf).join(', ')}; or say --format.`,
      });
    }
    const words = notes === undefined ? undefined : decodeText(readFileBytes(notes), notes);
    await withWorkbench(output, async (workbench) => {
      const named = new Map(references.map((reference) => namedRun(workbench, reference)).map((run) => [run.id, run]));
      const summaries = new RunSummaries(workbench.catalogue);
      const sources = reportSources(workbench.catalogue, summaries, [...named.values()]);
      const file = resolve(out);
      const request = { ...sources, format: chosen, title, question, notes: words };
      let bytes = 0;
      const wentToOutput = await makeNamedFile(file, async (place) => {
        const made = await withLibrary((library) =>
          library.ask('make-report', { ...request, file: place }, { dataDir: defaultDataDir() }),
        );
        ({ bytes } = made);
      });
      // A report that goes to standard output stands there alone.
      if (wentToOutput) return;
      const result = { file, format: chosen, bytes, runs: [...named.keys()] };
      output.result(result, () => `${shownPath(file)} (${formatBytes(bytes)})`);
    });
  },
};
