import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { engineText } from '../../shared/engine-parts.ts';
import { formatDuration } from '../../shared/format.ts';
import { chart, linked, shown, tableText, type LinkedFigure } from './markdown-parts.ts';
import { fenced, foreignMarkdown, markdownSentence, markdownText } from './markdown-text.ts';
import {
  buildsOn,
  foundationFigures,
  foundationsIntro,
  mistakesWords,
  runLetter,
  type Report,
  type ReportedRun,
} from './report.ts';
import {
  attacksTable,
  classifiersTable,
  differencesTable,
  doubtsTable,
  layersTable,
  pairsTable,
  runsTable,
  seedsTable,
  thresholdsTable,
  untestedPairs,
} from './tables.ts';

/**
 * A report as one Markdown file: all of its words, tables and figures. The figures' data stand at its end, where they are in
 * nobody's way who reads the text as it is.
 */
export function markdownReport(report: Report): string {
  const { title, question, notes, createdAt, runs } = report;
  const tables = [
    runsTable(report),
    seedsTable(report),
    doubtsTable(report),
    attacksTable(report),
    classifiersTable(report),
    differencesTable(report),
    pairsTable(report),
  ];
  const labels = new Set<string>();
  const together = report.figures.map((figure) => chart(figure.name, figure, labels));
  const ofRuns = runs.map((run, i) => figuresOf(run, runLetter(i), labels));
  const sections = [
    `# ${markdownText(title)}`,
    `Made by Cupbearer on ${createdAt.slice(0, 10)}.`,
    ...(question === '' ? [] : ['## Question', question]),
    ...(notes === '' ? [] : ['## Notes', notes]),
    '## Results',
    ...(report.verdict === '' ? [] : [markdownSentence(report.verdict)]),
    ...tables.flatMap((table) => (table ? [tableText(table)] : [])),
    ...[...untestedPairs(report), ...report.leftOut].map(markdownText),
    ...together.map(shown),
    ...runs.flatMap((run, i) => runSection(report, run, runLetter(i), ofRuns[i]!, labels)),
    ...foundationsSection(report),
    ...[...together, ...ofRuns.flat()].map(({ label, data }) => `[${label}]: ${data}`),
  ];
  return `${sections.join('\n\n')}\n`;
}

function runSection(
  report: Report,
  run: ReportedRun,
  letter: string,
  figures: readonly LinkedFigure[],
  labels: ReadonlySet<string>,
): string[] {
  const { record, summary, result, command, noCommand, spec } = run;
  const layers = layersTable(run);
  const thresholds = thresholdsTable(run);
  const above = buildsOn(run, report);
  return [
    `## ${letter}. ${markdownText(run.heading)}`,
    ...(result ? [markdownSentence(result.sentence), ...result.doubts.map(doubtText)] : []),
    ...(summary.fault === null ? [] : [markdownText(summary.fault)]),
    ...(record.error ? [markdownText(`The run ended as ${record.status}: ${record.error.message}`)] : []),
    ...(layers ? [tableText(layers)] : []),
    ...(thresholds ? [tableText(thresholds)] : []),
    ...figures.map(shown),
    ...(record.notes === '' ? [] : ['### Notes', foreignMarkdown(record.notes, labels)]),
    '### How to repeat it',
    ...(above.length > 0 ? [markdownText(`Builds on ${above.join(', ')}.`)] : []),
    command === null ? markdownText(noCommand ?? '') : fenced('sh', command),
    '### Environment',
    environmentLines(run)
      .map(([name, value]) => `- ${markdownText(name)}: ${markdownText(value)}`)
      .join('\n'),
    '### Specification',
    fenced('json', JSON.stringify(spec?.spec ?? record.spec, null, 2)),
  ];
}

const doubtText = ({ sentence, remedy }: Suspicion) => `**${markdownText(sentence)}** ${markdownText(remedy)}`;

function foundationsSection({ foundations }: Report): string[] {
  if (foundations.length === 0) return [];
  return [
    '## What the runs build on',
    foundationsIntro,
    ...foundations.flatMap((foundation) => {
      const { record, command, noCommand } = foundation;
      const figures = foundationFigures(foundation);
      return [
        `### ${markdownText(`${foundation.heading} (${record.id})`)}`,
        ...(figures === '' ? [] : [markdownText(`${figures}.`)]),
        command === null ? markdownText(noCommand ?? '') : fenced('sh', command),
        fenced('json', JSON.stringify(record.spec, null, 2)),
      ];
    }),
  ];
}

function figuresOf(run: ReportedRun, letter: string, labels: Set<string>): LinkedFigure[] {
  const charts = run.figures.map((figure) => chart(`${letter}-${figure.name}`, figure, labels));
  if (!run.mistakes) return charts;
  return [...charts, linked(`${letter}-mistakes`, mistakesWords(run), 'image/png', run.mistakes, labels)];
}

/** What a run was made with, name and value. */
export function environmentLines({ record, spec, summary }: ReportedRun): [name: string, value: string][] {
  return [
    ['Run', record.id],
    ['Status', record.status],
    ['Created', record.created_at],
    ...(summary.durationMs === null ? [] : ([['Took', formatDuration(summary.durationMs)]] as [string, string][])),
    ['Engine', engineText(record)],
    ...Object.entries(record.versions),
    ['Seed', String(summary.seed)],
    ...Object.entries(spec?.fingerprints ?? {}).map(
      ([role, hash]) => [`SHA-256 of ${role.replaceAll('_', ' ')}`, hash] as [string, string],
    ),
  ];
}
