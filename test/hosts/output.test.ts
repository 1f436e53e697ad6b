import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { forTerminal } from '../../main/hosts/cli/output.ts';
import { cataloguePath } from '../../main/storage/home.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { runRecord } from '../storage/run-records.ts';
import { startCli } from './cli-process.ts';

/** Sets the clipboard of a terminal, clears its screen, and ends a paste. */
const acting = '\x1b]52;c;cm0gLXJmIH4=\x07 \x1b[2J \x1b[201~ \x9b2J \r \u202e';

describe('text for a terminal', () => {
  it('has nothing in it that the terminal acts on', () => {
    expect(forTerminal(acting)).toBe(
      '\\u001b]52;c;cm0gLXJmIH4=\\u0007 \\u001b[2J \\u001b[201~ \\u009b2J \\u000d \\u202e',
    );
    expect(forTerminal('a\tb\nc – ü 実行 👍')).toBe('a\tb\nc – ü 実行 👍');
  });

  it('as JSON says the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = forTerminal(JSON.stringify({ text }, null, 2));
        expect(JSON.parse(shown)).toEqual({ text });
        expect(shown).not.toMatch(/[^\P{Cc}\n]/u);
      }),
    );
  });

  it.each([[[]], [['--json']]])('is what the list of runs is written as %j', async (flags) => {
    const home = mkdtempSync(join(tmpdir(), 'cupbearer-terminal-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
    const catalogue = openCatalogue(cataloguePath(home));
    catalogue.insert(runRecord({ title: acting, folder: join(home, 'none') }));
    catalogue.close();
    const { stdout, code } = await startCli(['runs', ...flags], { cwd: home, home }).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('\\u001b]52;c;cm0gLXJmIH4=');
    expect(stdout).not.toMatch(/[^\P{Cc}\n\t]|\u202e/u);
  });
});
