import { CupbearerError } from '../../shared/errors.ts';

/** Puts a text on the clipboard. @throws CupbearerError if the browser does not allow it. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch (cause) {
    throw new CupbearerError('usage', 'The browser did not allow the text to be copied.', { cause });
  }
}
