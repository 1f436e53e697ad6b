import { CupbearerError } from './errors.ts';

/**
 * Shells that commands are written for. `posix`: sh, dash, bash, zsh. `powershell`: PowerShell on Windows, 5.1 and later;
 * what it cannot pass on to a program unchanged in all of these versions is refused.
 */
export const shells = ['posix', 'powershell'] as const;
export type Shell = (typeof shells)[number];

/** Returns the shell of people on `platform`, which is what `process.platform` says. */
export function shellOf(platform: string): Shell {
  return platform === 'win32' ? 'powershell' : 'posix';
}

/**
 * Returns a command that `shell` takes apart into exactly `words`; the first must be the plain name of a program.
 * @throws CupbearerError `bad-data` for a word that cannot be written so: an empty one, or one with characters that a
 * terminal acts on, that make the command look like another, or that PowerShell cannot pass on.
 */
export function commandText(words: readonly string[], shell: Shell): string {
  return words.map((word) => quoted(word, shell)).join(' ');
}

/**
 * Line ends and control characters act on the terminal that the command is pasted into, whatever the quotes; the others
 * change the order in which text is shown, or are not seen. Joiners (U+200C, U+200D) belong to ordinary words.
 */
const unseen = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Windows PowerShell drops the double quotes of an argument. The others are what cmd.exe acts on, which starts the program
 * and into which some people paste.
 */
const unsafeOnWindows = /["%&|<>^]/;

function quoted(word: string, shell: Shell): string {
  if (word === '') throw new CupbearerError('bad-data', 'A command line cannot hold a value that is empty.');
  const found = unseen.exec(word)?.[0];
  if (found !== undefined) throw cannotHold(word, escaped(found));
  return shell === 'posix' ? quotedForPosix(word) : quotedForPowerShell(word);
}

/** Quotes, backslashes and `!` stand outside the quotes: all shells agree on them there. */
function quotedForPosix(word: string): string {
  if (/^[\w./:,@%+-][\w./:,@%+=-]*$/.test(word)) return word;
  return word
    .split(/(['\\!])/)
    .map((part) => (part === '' ? '' : /^['\\!]$/.test(part) ? `\\${part}` : `'${part}'`))
    .join('');
}

/** A dot splits a bare flag, and bare numbers are computed (`1kb`). Typographic single quotes are quotes, too. */
function quotedForPowerShell(word: string): string {
  const unsafe = unsafeOnWindows.exec(word)?.[0];
  if (unsafe !== undefined) throw cannotHold(word, unsafe);
  // Windows PowerShell puts such a word into double quotes, where a backslash at the end escapes the closing one.
  if (/\s/.test(word) && word.endsWith('\\')) throw cannotHold(word, 'a space and \\ at its end');
  if (/^(--)?[A-Za-z][\w-]*$|^\d{1,9}$/.test(word)) return word;
  return `'${word.replaceAll(/['‘’‚‛]/g, '$&$&')}'`;
}

function escaped(text: string): string {
  const escape = (character: string) => `\\u{${character.codePointAt(0)!.toString(16)}}`;
  return text.replaceAll(new RegExp(unseen, 'gu'), escape);
}

function cannotHold(word: string, what: string): CupbearerError {
  const shown = escaped(word.length > 60 ? `${word.slice(0, 60)}…` : word);
  return new CupbearerError('bad-data', `A command line cannot hold "${shown}", which has ${what} in it.`);
}
