import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { commandText, shellOf, shells, type Shell } from '../../shared/shell.ts';

/** The shells of this machine that read POSIX quotes; on Windows there may be none. */
const found = ['sh', 'dash', 'bash', 'zsh', 'ksh'].filter((name) => spawnSync(name, ['-c', ':']).status === 0);

/** The words that a shell takes a command apart into. */
function wordsBy(shell: string, command: string): string[] {
  const { stdout, status } = spawnSync(shell, ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' });
  expect(status).toBe(0);
  return stdout.split('\0').slice(0, -1);
}

/**
 * The words of a command in PowerShell's argument mode, by the rules of `about_Quoting_Rules` and `about_Parsing`: a bare
 * word may hold nothing that has a meaning there; between single quotes, typographic ones too, two stand for one.
 */
function wordsByPowerShell(command: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < command.length; at++) {
    let word = '';
    const isQuote = (place: number) => "'‘’‚‛".includes(command[place] ?? '?');
    if (isQuote(at)) {
      for (at++; !isQuote(at) || isQuote(at + 1); at++) {
        if (at >= command.length) throw new Error('a quote is left open');
        if (isQuote(at)) at++;
        word += command[at];
      }
      at++;
    } else {
      while (at < command.length && command[at] !== ' ') word += command[at++];
      expect(word).toMatch(/^[A-Za-z0-9_-]+$/);
    }
    if (at < command.length && command[at] !== ' ') throw new Error('something stands behind a closing quote');
    words.push(word);
  }
  return words;
}

/** The command line that Windows PowerShell 5.1 gives to a program: quotes around what has white space, nothing escaped. */
const passedOn = (words: readonly string[]) => words.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(' ');

/** How a program on Windows takes a command line apart: the rules of the C runtime on backslashes and double quotes. */
function argumentsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let within = false;
  for (let at = 0; at < line.length; at++) {
    if (!within && (line[at] === ' ' || line[at] === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= '';
    const backslashes = /^\\*/.exec(line.slice(at))![0].length;
    if (line[at + backslashes] === '"') {
      word += '\\'.repeat(backslashes >> 1);
      if (backslashes % 2 === 1) word += '"';
      else within = !within;
      at += backslashes;
    } else if (backslashes > 0) {
      word += '\\'.repeat(backslashes);
      at += backslashes - 1;
    } else word += line[at];
  }
  return word === undefined ? words : [...words, word];
}

const nasty = [
  'x;touch${IFS}pwned;',
  '$(id)',
  '`id`',
  "it's",
  "a\\'b",
  '\\',
  'C:\\runs\\',
  'C:\\my runs\\',
  '~root',
  '~',
  '!!',
  '!$',
  '{a,b}',
  '*',
  '?',
  '[a-z]',
  '#x',
  '=ls',
  'a=b',
  '--',
  '--%',
  '-n',
  '-rf',
  ' ',
  '  two  ',
  '&',
  'a&&b',
  '|',
  '<x',
  '>x',
  '"',
  'say "so"',
  '%PATH%',
  '^',
  '@a',
  '1kb',
  '0x10',
  '--a.b',
  '‘’‚‛',
  'Ordner für Läufe',
  '実行',
  'a\u200db',
  '\u00a0',
];

const acted = ['\0', '\n', '\r', '\t', '\x03', '\x1b[201~', '\x7f', '\x9b', '\u2028', '\u2029', '\u202e', '\u2066', '\u200e', '\ufeff', '\u00ad', '\u{e0041}', '\ud800']; // prettier-ignore

const word = fc
  .array(fc.oneof(fc.constantFrom(...nasty, ...acted), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 4 })
  .map((parts) => parts.join(''));

/** A command of these words, without those that cannot be written. */
function written(words: readonly string[], shell: Shell): { command: string; kept: string[] } {
  const kept = words.filter((each) => {
    try {
      return commandText([each], shell) !== '';
    } catch (error) {
      expect(error).toBeInstanceOf(CupbearerError);
      expect((error as CupbearerError).code).toBe('bad-data');
      return false;
    }
  });
  return { command: commandText(kept, shell), kept };
}

it('is PowerShell on Windows and a POSIX shell elsewhere', () => {
  expect(['win32', 'linux', 'darwin', 'freebsd'].map(shellOf)).toEqual(['powershell', 'posix', 'posix', 'posix']);
});

describe('a command for a POSIX shell', () => {
  it('holds every word but the empty one and those that a terminal acts on', () => {
    expect(written(nasty, 'posix').kept).toEqual(nasty);
    expect(written(['', ...acted], 'posix').kept).toEqual([]);
  });

  it('leaves plain words as they are', () => {
    expect(commandText(['npx', '--a.b_c', '/x/y-z', '1e-3', 'a=b'], 'posix')).toBe('npx --a.b_c /x/y-z 1e-3 a=b');
    expect(commandText(["it's $HOME"], 'posix')).toBe("'it'\\''s $HOME'");
  });

  it.skipIf(found.length === 0)('is taken apart into the same words by every shell here', () => {
    expect(found).toContain('sh');
    for (const shell of found) {
      const check = (words: string[]) => {
        const { command, kept } = written(words, 'posix');
        if (kept.length > 0) expect(wordsBy(shell, command)).toEqual(kept);
      };
      check(nasty);
      fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), check), { numRuns: 60 });
    }
  });

  it.skipIf(!found.includes('bash'))('has nothing in it that history expansion changes', () => {
    const words = ['!!', 'a!b', "'!x'", '!$ !1', '\\!'];
    const script = `set +o emacs\nset -o history -H\necho earlier\nprintf '%s\\0' ${commandText(words, 'posix')}\n`;
    const { stdout } = spawnSync('bash', ['--norc', '--noprofile', '-i'], { input: script, encoding: 'utf8' });
    expect(
      stdout
        .slice(stdout.indexOf('earlier\n') + 'earlier\n'.length)
        .split('\0')
        .slice(0, -1),
    ).toEqual(words);
  });
});

describe('a command for PowerShell', () => {
  it('holds what every version passes on', () => {
    const refused = nasty.filter((each) => /["%&|<>^]/.test(each) || each === 'C:\\my runs\\');
    expect(written(nasty, 'powershell').kept).toEqual(nasty.filter((each) => !refused.includes(each)));
    expect(written(['', ...acted], 'powershell').kept).toEqual([]);
    expect(commandText(['npx', '--a', '--a.b', "it's", '1kb', '12'], 'powershell')).toBe("npx --a '--a.b' 'it''s' '1kb' 12"); // prettier-ignore
  });

  it('is taken apart into the same words by its rules, and the program gets them', () => {
    const check = (words: string[]) => {
      const { command, kept } = written(words, 'powershell');
      expect(wordsByPowerShell(command)).toEqual(kept);
      expect(argumentsOf(passedOn(kept))).toEqual(kept);
      // Pasted into cmd.exe, for which these quotes are none, it starts nothing.
      expect(command).not.toMatch(/["%&|<>^\r\n]/);
    };
    check(nasty);
    fc.assert(fc.property(fc.array(word, { maxLength: 8 }), check), { numRuns: 1000 });
  });
});

it.each(shells)('says in plain characters what a command for %s cannot hold', (shell) => {
  expect(() => commandText(['a\u202eb\n'], shell)).toThrow(
    'A command line cannot hold "a\\u{202e}b\\u{a}", which has \\u{202e} in it.',
  );
});
