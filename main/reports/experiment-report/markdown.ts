import { chart, shown, tableText, type LinkedFigure } from '../markdown-parts.ts';
import { fenced, foreignMarkdown, markdownSentence, markdownText } from '../markdown-text.ts';
import { markdownTable } from '../matrix/markdown-table.ts';
import type { Block, ReportDocument } from './document.ts';
import { specFence } from './embedded-spec.ts';

/** A report as one Markdown file; the figures' data stand at its end, where they are in nobody's way who reads the text. */
export function markdownDocument({ title, facts, sections, colophon }: ReportDocument): string {
  const labels = new Set<string>();
  // Labels of figures must be known before a note is read, which could define them.
  const figures = new Map(
    sections.flatMap(({ id, blocks }) =>
      blocks.flatMap((block, i) =>
        block.kind === 'figure' ? [[block, chart(`${id}-${i}`, block.figure, labels)] as const] : [],
      ),
    ),
  );
  const parts = [
    `# ${markdownText(title)}`,
    facts.map(markdownText).join(' · '),
    ...sections.flatMap((section) => [
      `## ${markdownText(section.title)}`,
      ...section.blocks.map((block) => blockText(block, figures, labels)),
    ]),
    markdownText(colophon),
    ...[...figures.values()].map(({ label, data }) => `[${label}]: ${data}`),
  ];
  return `${parts.join('\n\n')}\n`;
}

function blockText(block: Block, figures: ReadonlyMap<Block, LinkedFigure>, labels: ReadonlySet<string>): string {
  switch (block.kind) {
    case 'text':
      return block.text.split(/\n\s*\n/).map(markdownText).join('\n\n'); // prettier-ignore
    case 'finding':
      return markdownSentence(block.sentence);
    case 'notes':
      return foreignMarkdown(block.markdown, labels);
    case 'heading':
      return `### ${markdownText(block.text)}`;
    case 'list':
      return block.items.map((item) => `- ${markdownText(item)}`).join('\n');
    case 'table':
      return tableText(block.table);
    case 'matrix':
      return markdownTable(block.matrix, block.statistics, block.options).trimEnd();
    case 'figure':
      return shown(figures.get(block)!);
    case 'code':
      return fenced(block.language, block.text);
    case 'spec':
      return fenced(specFence, block.text.trimEnd());
  }
}
