/** A token as it stands in a text. */
interface TokenPiece {
  /** A space that belongs to no colour stands before it. */
  hasSpace: boolean;
  /** What is coloured; a line break is drawn. */
  text: string;
  isBreak: boolean;
}

/** Letters with which byte-level tokenizers and SentencePiece write a space and a line break. */
const spaceMark = /^[\u0120\u2581]/;
const breakMark = '\u010a';

/**
 * Returns the tokens of a text as pieces, by how its tokenizer writes spaces: as marks, as blanks, or, of words and of WordPiece, not
 * at all.
 */
export function tokenPieces(words: readonly string[]): TokenPiece[] {
  const hasMarks = words.some((word) => spaceMark.test(word));
  const hasBlanks = words.some((word) => /^\s+\S|\S\s+$/.test(word));
  return words.map((word, i) => {
    if (word === '\n' || (hasMarks && word === breakMark)) return { hasSpace: false, text: '↵', isBreak: true };
    if (hasMarks) return piece(spaceMark.test(word), word.replace(spaceMark, '').replaceAll(breakMark, '↵'));
    if (hasBlanks) return piece(/^\s/.test(word), word.trim());
    const isPart = word.startsWith('##');
    return piece(i > 0 && !isPart, isPart ? word.slice(2) : word);
  });
}

const piece = (hasSpace: boolean, text: string): TokenPiece => ({
  hasSpace,
  text: text === '' ? '␣' : text,
  isBreak: false,
});

/** Which of the five steps a score is at: how many of the trusted tokens' scores at its ends it reaches. */
export function stepOf(score: number, steps: readonly number[]): number {
  // The last one is the highest of them, which only what lies above it passes.
  return steps.reduce((passed, end, i) => passed + Number(i === steps.length - 1 ? score > end : score >= end), 0);
}

export const stepWords = ['below 90 %', 'above 90 %', 'above 99 %', 'above 99.9 %', 'above all'] as const;
