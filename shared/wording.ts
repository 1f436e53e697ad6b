/** What hosts word differently in a sentence: a terminal by flags, the window by the labels of fields. */
type Part =
  | string
  /** Keys of a parameter in what is asked for: `['task', 'trusted_fraction']`. */
  | { readonly parameter: readonly string[] }
  /** What only a terminal says, a command line or a flag, and what a window says in its place, if anything. */
  | { readonly command: string; readonly inWindow?: string };

/** A sentence in parts. */
export type Wording = readonly Part[];

/** A sentence that is the same everywhere, or one in parts. */
export type Sentence = string | Wording;

/** A parameter within {@link worded}, by its keys with dots between them: "task.trusted_fraction". */
export const parameter = (keys: string): Part => ({ parameter: keys.split('.') });

/** A command line within {@link worded}; a sentence without words for a window is of no help in one. */
export const command = (line: string, inWindow?: string): Part =>
  inWindow === undefined ? { command: line } : { command: line, inWindow };

/** Returns the sentence of a template, whose parts each host words in its own way. */
export function worded(texts: TemplateStringsArray, ...parts: readonly (Part | Sentence | number)[]): Wording {
  return texts.flatMap((text, i) => {
    const part = parts[i];
    if (part === undefined) return [text];
    return [text, ...(typeof part === 'number' ? [String(part)] : isWording(part) ? part : [part])];
  });
}

const isWording = (part: Part | Sentence): part is Wording => Array.isArray(part);

/** Returns a sentence as a terminal shows it: "Raise --task.trusted_fraction." */
export function inFlags(sentence: Sentence): string {
  return partsOf(sentence)
    .map((part) => {
      if (typeof part === 'string') return part;
      return 'command' in part ? part.command : `--${part.parameter.join('.')}`;
    })
    .join('');
}

/**
 * Returns a sentence as a window shows it: "Raise “Trusted fraction”." undefined for one that needs a terminal. `labelOf` knows
 * the labels of parameters.
 */
export function inLabels(sentence: Sentence, labelOf: (path: readonly string[]) => string): string | undefined {
  const parts = partsOf(sentence).map((part) => {
    if (typeof part === 'string') return part;
    return 'command' in part ? part.inWindow : `“${labelOf(part.parameter)}”`;
  });
  return parts.every((part) => part !== undefined) ? parts.join('') : undefined;
}

const partsOf = (sentence: Sentence): Wording => (typeof sentence === 'string' ? [sentence] : sentence);
