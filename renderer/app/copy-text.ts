import { CupbearerError } from '../../shared/errors.ts';

/** Puts a text on the clipboard. @throws CupbearerError if the browser does not allow it. */
export async function copyText(text: string): Promise<void> {
  await written(() => navigator.clipboard.writeText(text));
}

/**
 * Puts a table on the clipboard, as tab-separated text and as HTML: what it is pasted into takes what it can use.
 * @throws CupbearerError where the browser does not allow it.
 */
export async function copyTable(tsv: Blob, html: Blob): Promise<void> {
  const typed = async (content: Blob, type: string) => new Blob([await content.text()], { type });
  const item = new ClipboardItem({ 'text/plain': typed(tsv, 'text/plain'), 'text/html': typed(html, 'text/html') });
  await written(() => navigator.clipboard.write([item]));
}

async function written(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new CupbearerError('usage', 'The browser did not allow the text to be copied.', { cause });
  }
}
