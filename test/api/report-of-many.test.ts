import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedEvaluatedRuns } from '../evaluated-runs.ts';

const launcher = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));
const count = 50;
const mostBytes = 10_000_000;

let home = '';
let ids: string[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'cupbearer-many-'));
  ids = seedEvaluatedRuns(home, count);
}, 180_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** `cupbearer report ... -o FILE`: what it prints. */
function report(runs: readonly string[], file: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [launcher, 'report', ...runs, '-o', file], {
    encoding: 'utf8',
    cwd: home,
    env: { ...process.env, CUPBEARER_HOME: home },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

describe(`a report of ${count} runs`, () => {
  it('takes less than 10 MB, and says what it leaves out', () => {
    const stdout = report(ids, 'many.html');
    expect(stdout).toMatch(/many\.html/);
    const bytes = statSync(join(home, 'many.html')).size;
    expect(bytes).toBeLessThan(mostBytes);
    const text = readFileSync(join(home, 'many.html'), 'utf8');
    expect(text.match(/<section class="run">/g)).toHaveLength(count);
    // Ten seeds of each of five detectors: five rows, ten pairs.
    expect(text).toContain('corrected by Holm for the 10 pairs that are compared here');
    expect(text).toContain('the 8 of 50 runs with the highest AUROC');
    expect(text).toMatch(/The sheets of the worst mistakes of [A-Z, ]+ would make the file too large/);
    expect(text).toContain('Each run brings its main figures, without its ROC');
    // What differs is there for all of them: a row a value, with the letters of its runs.
    expect(text).toMatch(/<td>detector\.name<\/td><td>mahalanobis<\/td><td>A, F, K, [A-Z, ]+<\/td>/);
    expect(text).toMatch(/<td>9<\/td><td>AT, AU, AV, AW, AX<\/td>/);
  });

  it('of the same test samples draws them against each other', () => {
    report(ids.slice(0, 3), 'three.html');
    const text = readFileSync(join(home, 'three.html'), 'utf8');
    const figures = [...text.matchAll(/<figcaption>([\s\S]*?)<\/figcaption>/g)].map(([, words]) => words!);
    const together = figures.slice(0, 5);
    expect(together[0]).toContain('Of 3 curves C spectral is the best');
    expect(together[1]).toContain('C spectral has most of them');
    expect(together.slice(2).map((words) => /Scores of (\w) .* against (\w) /.exec(words)!.slice(1))).toEqual([
      ['C', 'B'],
      ['C', 'A'],
      ['B', 'A'],
    ]);
    expect(text).not.toContain('compared in pairs');
  });
});
