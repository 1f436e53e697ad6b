import { emphasised, figureHtml, htmlPage, paragraphs, tableHtml } from '../html-page.ts';
import { htmlTable } from '../matrix/html-table.ts';
import { escapeHtml, notesHtml } from '../notes.ts';
import type { Block, ReportDocument, Section } from './document.ts';
import { specElementId } from './embedded-spec.ts';

/** A report as one HTML file that needs nothing else: fonts and figures are in it. */
export function htmlDocument({ title, facts, sections, colophon }: ReportDocument): string {
  const parts = [
    `<header><h1>${escapeHtml(title)}</h1><p class="meta">${facts.map(escapeHtml).join(' · ')}</p></header>`,
    `<nav><h2>Contents</h2><ol>${sections
      .filter(({ isMinor }) => !isMinor)
      .map((section) => `<li><a href="#${section.id}">${escapeHtml(section.title)}</a></li>`)
      .join('')}</ol></nav>`,
    ...sections.map(sectionHtml),
    `<footer>${escapeHtml(colophon)}</footer>`,
  ];
  return htmlPage(title, parts);
}

function sectionHtml({ id, title, blocks, isPage }: Section): string {
  return [
    `<section${isPage ? ' class="run"' : ''}><h2 id="${id}">${escapeHtml(title)}</h2>`,
    ...blocks.map((block, i) => blockHtml(block, `${id}-${i}`)),
    '</section>',
  ].join('\n');
}

function blockHtml(block: Block, place: string): string {
  switch (block.kind) {
    case 'text':
      return paragraphs(block.text);
    case 'finding':
      return `<p class="finding">${emphasised(block.sentence)}</p>`;
    case 'notes':
      return `<div class="notes">${notesHtml(block.markdown)}</div>`;
    case 'heading':
      return `<h3>${escapeHtml(block.text)}</h3>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
    case 'table':
      return tableHtml(block.table);
    case 'matrix':
      return `<div class="wide matrix">${htmlTable(block.matrix, block.statistics, block.options)}</div>`;
    case 'figure':
      return figureHtml(block.figure, place);
    case 'code':
      return `<pre>${escapeHtml(block.text)}</pre>`;
    case 'spec':
      return `<pre id="${specElementId}">${escapeHtml(block.text)}</pre>`;
  }
}
