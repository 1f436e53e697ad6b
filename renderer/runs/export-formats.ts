import type { reportFormats } from '../../shared/contract.ts';
import type { MadeFile } from '../../shared/domain/made-file.ts';
import { fetchFile } from '../../shared/fetch-file.ts';
import { client } from '../app/client.ts';
import { saveFile } from '../app/save-file.ts';
import { settings } from '../app/settings.svelte.ts';

export type ExportFormat = (typeof reportFormats)[number] | 'pdf';

/** What can be made of runs, as the user is offered it. */
export const exportFormats: readonly { id: ExportFormat; label: string; what: string }[] = [
  { id: 'html', label: 'Report, HTML', what: 'One file that opens anywhere, without a network.' },
  { id: 'pdf', label: 'Report, PDF', what: 'The same, for printing.' },
  { id: 'markdown', label: 'Report, Markdown', what: 'Text, tables and figures in one file, to continue writing.' },
  { id: 'csv', label: 'Figures of merit, CSV', what: 'One line a run and layer.' },
  { id: 'json', label: 'Everything, JSON', what: 'Specs, metrics, curves of result and training, environment.' },
  { id: 'scores', label: 'Scores, CSV', what: 'One line a test sample.' },
  { id: 'figures-svg', label: 'Figures, SVG', what: 'A zip of all figures.' },
  { id: 'figures-png', label: 'Figures, PNG', what: 'A zip of all figures.' },
];

/** Prints a report as PDF: by the host if it can, otherwise by the browser, which asks where to put it. */
export async function printReport(made: MadeFile): Promise<void> {
  if (settings.info?.can.printPdf) {
    try {
      const name = made.name.replace(/\.html$/, '.pdf');
      saveFile(await fetchFile(client.files, await client.app.printPdf({ id: made.id, name })));
    } finally {
      await client.files.drop({ id: made.id });
    }
    return;
  }
  const address = URL.createObjectURL(await fetchFile(client.files, made));
  const frame = document.createElement('iframe');
  frame.src = address;
  frame.hidden = true;
  await new Promise((resolve) => {
    frame.addEventListener('load', resolve, { once: true });
    document.body.append(frame);
  });
  const page = frame.contentWindow as (Window & typeof globalThis) | null;
  if (page) await applyStyles(page);
  page?.addEventListener('afterprint', () => {
    frame.remove();
    URL.revokeObjectURL(address);
  });
  page?.print();
}

/** Adds the styles by script: a frame inherits the policy of its page, which forbids inline style sheets. */
async function applyStyles(page: Window & typeof globalThis): Promise<void> {
  for (const { textContent } of page.document.querySelectorAll('head > style')) {
    const sheet = new page.CSSStyleSheet();
    sheet.replaceSync(textContent);
    page.document.adoptedStyleSheets.push(sheet);
  }
  // Nothing is laid out in a hidden frame, so the fonts are not loaded otherwise.
  await Promise.all([...page.document.fonts].map((font) => font.load()));
}
