import { mostTagCharacters } from './domain/draft.ts';

/** Returns the tags in a typed text: separated by commas, possibly with spaces inside, each once. */
export function tagsIn(text: string): string[] {
  const words = text.split(',').map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ''))];
}

/** Returns what is wrong with tags; undefined if nothing is. */
export function tagFault(tags: readonly string[]): string | undefined {
  const long = tags.find((tag) => tag.length > mostTagCharacters);
  if (long === undefined) return undefined;
  return `A tag has at most ${mostTagCharacters} characters; “${long.slice(0, 20)}…” has ${long.length}.`;
}

/** The rule in words. */
export const tagHelp = `Separated by commas, at most ${mostTagCharacters} characters each.`;
