import { formatDuration } from '../../shared/format.ts';
import { runLetter, type Report, type ReportedRun } from './report.ts';
import { classifiersTable, differencesTable, layersTable, pairsTable, runsTable, type TextTable } from './tables.ts';

/** A report as Markdown: all of its words and tables; figures come as files of their own. */
export function markdownReport(report: Report): string {
  const { title, question, notes, createdAt, runs } = report;
  const tables = [runsTable(report), classifiersTable(report), differencesTable(report), pairsTable(report)];
  const sections = [
    `# ${title}`,
    `Made by Cupbearer on ${createdAt.slice(0, 10)}.`,
    ...(question === '' ? [] : ['## Question', question]),
    ...(notes === '' ? [] : ['## Notes', notes]),
    '## Results',
    ...tables.flatMap((table) => (table ? [tableText(table)] : [])),
    ...runs.flatMap((run, i) => runSection(run, i)),
  ];
  return `${sections.join('\n\n')}\n`;
}

function tableText({ caption, head, numeric, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  const rule = `|${numeric.map((isNumeric) => (isNumeric ? '---:' : '---')).join('|')}|`;
  return [`*${caption}*`, '', line(head), rule, ...rows.map(line)].join('\n');
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function runSection(run: ReportedRun, place: number): string[] {
  const { record, result, command, spec } = run;
  const layers = layersTable(run);
  return [
    `## ${runLetter(place)}. ${record.title}`,
    ...(result ? [result.sentence] : []),
    ...(record.error ? [`The run ended as ${record.status}: ${record.error.message}`] : []),
    ...(layers ? [tableText(layers)] : []),
    ...(record.notes === '' ? [] : ['### Notes', record.notes]),
    '### How to repeat it',
    fenced('sh', command),
    '### Environment',
    environmentLines(run)
      .map(([name, value]) => `- ${name}: ${value}`)
      .join('\n'),
    '### Specification',
    fenced('json', JSON.stringify(spec?.spec ?? record.spec, null, 2)),
  ];
}

function fenced(language: string, text: string): string {
  // A fence must be longer than any run of backticks inside.
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** What a run was made with, name and value. */
export function environmentLines({ record, spec, summary }: ReportedRun): [name: string, value: string][] {
  return [
    ['Run', record.id],
    ['Status', record.status],
    ['Created', record.created_at],
    ...(summary.durationMs === null ? [] : ([['Took', formatDuration(summary.durationMs)]] as [string, string][])),
    ['Engine', record.engine ?? 'not started'],
    ...Object.entries(record.versions),
    ['Seed', String(summary.seed)],
    ...Object.entries(spec?.fingerprints ?? {}).map(
      ([role, hash]) => [`SHA-256 of ${role.replaceAll('_', ' ')}`, hash] as [string, string],
    ),
  ];
}
