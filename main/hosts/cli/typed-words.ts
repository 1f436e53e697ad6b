import { CupbearerError } from '../../../shared/errors.ts';
import { commandText, shellOf } from '../../../shared/shell.ts';

/** Returns words as they can be typed in a shell here; undefined if it could not hold them. */
export function typedWords(words: readonly string[]): string | undefined {
  try {
    return commandText(words, shellOf(process.platform));
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}
