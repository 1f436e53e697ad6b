import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { ownEngines } from '../../shared/engine-parts.ts';
import { escapeHtml, notesHtml } from './notes.ts';
import { environmentLines } from './markdown.ts';
import {
  buildsOn,
  foundationFigures,
  foundationsIntro,
  mistakesWords,
  runLetter,
  type Foundation,
  type Report,
  type ReportedFigure,
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
  type TextTable,
} from './tables.ts';
import { counted } from '../../shared/format.ts';

const style = readFileSync(fileURLToPath(new URL('./style.css', import.meta.url)), 'utf8');

/** Nothing is loaded from anywhere, nothing is sent, and neither scripts nor other styles count, whatever stands in the report. */
const policyWith = (styles: string) =>
  [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(styles).digest('base64')}'`,
    'img-src data:',
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** More runs than this and a list of them leads to each. */
const mostWithoutContents = 3;

/** Sentences of more runs than this, one after another, nobody reads; each stands with its run anyway. */
const mostFindings = 6;

/** A report as one HTML file that needs nothing else: fonts, figures and pictures are in it. */
export function htmlReport(report: Report): string {
  const { title, question, notes, createdAt, runs } = report;
  const parts = [
    `<header><h1>${escapeHtml(title)}</h1><p class="meta">${subtitle(report)}</p></header>`,
    ...(question === '' ? [] : [`<section class="question"><h3>Question</h3>${paragraphs(question)}</section>`]),
    ...(notes === '' ? [] : [`<section class="notes"><h3>Notes</h3>${notesHtml(notes)}</section>`]),
    '<section><h2>Results</h2>',
    ...(report.verdict === '' ? [] : [`<p class="finding">${emphasised(report.verdict)}</p>`]),
    ...(runs.length > 1 && runs.length <= mostFindings ? runs.flatMap((run, i) => findingOf(run, i)) : []),
    ...[
      runsTable(report),
      seedsTable(report),
      doubtsTable(report),
      attacksTable(report),
      classifiersTable(report),
      differencesTable(report),
      pairsTable(report),
    ].map(tableHtml),
    ...[...untestedPairs(report), ...report.leftOut].map((sentence) => `<p class="left">${escapeHtml(sentence)}</p>`),
    ...report.figures.map((figure, i) => figureHtml(figure, `all-${i}`)),
    '</section>',
    ...(runs.length > mostWithoutContents ? [contents(runs)] : []),
    ...runs.map((run, i) => runHtml(report, run, i)),
    ...foundationsHtml(report),
    `<footer>Made by Cupbearer ${escapeHtml(runs[0]?.record.versions['cupbearer'] ?? '')} on ${createdAt.slice(0, 10)}. AUROC: chance that an anomalous sample scores above a clean one. AP: average precision. TPR at 1 % FPR: share of anomalous samples flagged while at most 1 % of the clean ones are, with the threshold read off the test data. Intervals: DeLong on the logit scale for AUROC, the influence of each sample for AP, where the threshold may lie for rates (a stratified bootstrap for both in runs of earlier versions); the rule of three where no mistake was seen.</footer>`,
  ];
  const styles = `${fontFaces()}${style}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyWith(styles)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${styles}</style>
</head>
<body>
${parts.join('\n')}
</body>
</html>
`;
}

function fontFaces(): string {
  return (
    [
      ['Regular', 400],
      ['SemiBold', 600],
    ] as const
  )
    .map(([file, weight]) => {
      const bytes = readFileSync(fileURLToPath(new URL(`../../resources/fonts/Inter-${file}.woff2`, import.meta.url)));
      return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/woff2;base64,${bytes.toString('base64')}) format('woff2')}\n`;
    })
    .join('');
}

function subtitle({ runs, createdAt }: Report): string {
  const engines = [...new Set(runs.flatMap(({ record }) => ownEngines(record)))];
  const count = counted(runs.length, 'run');
  return [count, ...(engines.length > 0 ? [`engine ${engines.join(', ')}`] : []), createdAt.slice(0, 10)]
    .map(escapeHtml)
    .join(' · ');
}

const paragraphs = (text: string) =>
  text
    .split(/\n\s*\n/)
    .map((part) => `<p>${escapeHtml(part)}</p>`)
    .join('');

/** What must be known before a result is believed. */
const doubtsHtml = (doubts: readonly Suspicion[]) =>
  doubts.map(
    ({ sentence, remedy }) => `<p class="doubt"><strong>${escapeHtml(sentence)}</strong> ${escapeHtml(remedy)}</p>`,
  );

/** `**` in a sentence of ours marks what the eye should land on. */
const emphasised = (sentence: string) => escapeHtml(sentence).replaceAll(/\*\*(.+?)\*\*/g, '<strong>$1</strong>');

function findingOf({ result }: ReportedRun, place: number): string[] {
  if (!result) return [];
  return [`<p><strong class="letter">${runLetter(place)}</strong>${emphasised(result.sentence)}</p>`];
}

function tableHtml(table: TextTable | null): string {
  if (!table) return '';
  const { caption, head, numeric, rows } = table;
  const align = (i: number) => (numeric[i] ? ' class="n"' : '');
  const heads = head.map((text, i) => `<th scope="col"${align(i)}>${escapeHtml(text)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((text, i) => `<td${align(i)}>${escapeHtml(text)}</td>`).join('')}</tr>`,
  );
  return `<div class="wide"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${heads}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function contents(runs: readonly ReportedRun[]): string {
  const items = runs.map(
    ({ heading }, i) =>
      `<li><a href="#run-${i + 1}"><strong class="letter">${runLetter(i)}</strong> ${escapeHtml(heading)}</a></li>`,
  );
  return `<nav><h2>Runs</h2><ol>${items.join('')}</ol></nav>`;
}

function runHtml(report: Report, run: ReportedRun, place: number): string {
  const { record, summary, result, spec, mistakes, figures } = run;
  const above = buildsOn(run, report);
  const heading = `<h2 id="run-${place + 1}"><span class="letter">${runLetter(place)}</span>${escapeHtml(run.heading)}</h2>`;
  const environment = environmentLines(run)
    .map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`)
    .join('');
  return [
    `<section class="run">${heading}`,
    ...(result ? [`<p class="finding">${emphasised(result.sentence)}</p>`, ...doubtsHtml(result.doubts)] : []),
    ...(summary.fault === null ? [] : [`<p class="left">${escapeHtml(summary.fault)}</p>`]),
    ...(record.error ? [`<p>The run ended as ${record.status}: ${escapeHtml(record.error.message)}</p>`] : []),
    tableHtml(layersTable(run)),
    tableHtml(thresholdsTable(run)),
    ...figures.map((figure, i) => figureHtml(figure, `${place + 1}-${i}`)),
    ...(mistakes ? [mistakesHtml(mistakes, mistakesWords(run))] : []),
    ...(record.notes === '' ? [] : [`<h3>Notes</h3><div class="notes">${notesHtml(record.notes)}</div>`]),
    `<h3>How to repeat it</h3>${above.length > 0 ? `<p>Builds on ${escapeHtml(above.join(', '))}.</p>` : ''}${commandHtml(run)}`,
    `<h3>Environment</h3><dl>${environment}</dl>`,
    `<h3>Specification</h3><pre>${escapeHtml(JSON.stringify(spec?.spec ?? record.spec, null, 2))}</pre>`,
    '</section>',
  ].join('\n');
}

function commandHtml({ command, noCommand }: Foundation): string {
  return command === null ? `<p>${escapeHtml(noCommand ?? '')}</p>` : `<pre>${escapeHtml(command)}</pre>`;
}

function foundationsHtml({ foundations }: Report): string[] {
  if (foundations.length === 0) return [];
  return [
    `<section class="run"><h2>What the runs build on</h2><p>${escapeHtml(foundationsIntro)}</p>`,
    ...foundations.map((foundation) => {
      const { record } = foundation;
      const figures = foundationFigures(foundation);
      return [
        `<h3>${escapeHtml(`${foundation.heading} (${record.id})`)}</h3>`,
        figures === '' ? '' : `<p>${escapeHtml(figures)}.</p>`,
        commandHtml(foundation),
        `<pre>${escapeHtml(JSON.stringify(record.spec, null, 2))}</pre>`,
      ].join('');
    }),
    '</section>',
  ];
}

/** No figure of a page can take the place of what another refers to: each has `id` in its names. */
function figureHtml({ svg, description }: ReportedFigure, id: string): string {
  const own = svg.replaceAll(/( id="| clip-path="url\(#)clip-/g, `$1clip-${id}-`);
  return `<figure role="img" aria-label="${escapeHtml(description)}">${own}<figcaption>${escapeHtml(description)}</figcaption></figure>`;
}

function mistakesHtml(png: Uint8Array, words: string): string {
  const data = Buffer.from(png).toString('base64');
  const shown = escapeHtml(words);
  return `<figure><img alt="${shown}" src="data:image/png;base64,${data}"><figcaption>${shown}</figcaption></figure>`;
}
