import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { ownEngines } from '../../shared/engine-parts.ts';
import { emphasised, figureHtml, htmlPage, paragraphs, tableHtml } from './html-page.ts';
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
import { counted } from '../../shared/format.ts';

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
  return htmlPage(title, parts);
}

function subtitle({ runs, createdAt }: Report): string {
  const engines = [...new Set(runs.flatMap(({ record }) => ownEngines(record)))];
  const count = counted(runs.length, 'run');
  return [count, ...(engines.length > 0 ? [`engine ${engines.join(', ')}`] : []), createdAt.slice(0, 10)]
    .map(escapeHtml)
    .join(' · ');
}

/** What must be known before a result is believed. */
const doubtsHtml = (doubts: readonly Suspicion[]) =>
  doubts.map(
    ({ sentence, remedy }) => `<p class="doubt"><strong>${escapeHtml(sentence)}</strong> ${escapeHtml(remedy)}</p>`,
  );

function findingOf({ result }: ReportedRun, place: number): string[] {
  if (!result) return [];
  return [`<p><strong class="letter">${runLetter(place)}</strong>${emphasised(result.sentence)}</p>`];
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

function mistakesHtml(png: Uint8Array, words: string): string {
  const data = Buffer.from(png).toString('base64');
  const shown = escapeHtml(words);
  return `<figure><img alt="${shown}" src="data:image/png;base64,${data}"><figcaption>${shown}</figcaption></figure>`;
}
