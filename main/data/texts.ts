import { CupbearerError } from '../../shared/errors.ts';

/** The token that fills texts up to their common length; it comes before the words. */
export const padding = '<pad>';

/** The words of a text `[length]` of token numbers, without what fills it up. */
export function wordsOf(text: ArrayLike<number>, vocabulary: readonly string[]): string[] {
  return Array.from(text, (token) => vocabulary[token] ?? `<${token}>`).filter((word) => word !== padding);
}

/**
 * The token numbers of words separated by spaces. @throws CupbearerError `usage` naming a word that is not in the
 * vocabulary.
 */
export function tokensOf(sentence: string, vocabulary: readonly string[]): number[] {
  return sentence
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      const token = vocabulary.indexOf(word);
      if (token >= 0 && word !== padding) return token;
      const words = vocabulary.filter((other) => other !== padding && !/^\d+$/.test(other));
      throw new CupbearerError(
        'usage',
        `The word "${word}" is not in the vocabulary of the texts, which has numbers and: ${words.join(' ')}.`,
      );
    });
}
