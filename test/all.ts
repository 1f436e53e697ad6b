/** `npm test`: checks, unit tests and end-to-end tests, and one line at the end that counts them all. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countLine, countsVariable, type Counts } from './counts.ts';

const folder = mkdtempSync(join(tmpdir(), 'cupbearer-counts-'));
const file = join(folder, 'counts.jsonl');

/** Runs an npm script; whether it succeeded. */
function succeeds(script: string): boolean {
  const { status } = spawnSync('npm', ['run', '--silent', script], {
    stdio: 'inherit',
    env: { ...process.env, [countsVariable]: file },
    shell: process.platform === 'win32',
  });
  return status === 0;
}

try {
  // Later parts run although an earlier one failed: one go shows all that is wrong.
  const ended = ['check', 'test:unit', 'test:e2e'].map(succeeds);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const counts = lines.map((line) => JSON.parse(line) as Counts);
  const sum = (key: keyof Counts) => counts.reduce((total, part) => total + part[key], 0);
  const failed = sum('failed') + (ended[0] ? 0 : 1);
  process.stdout.write(`\n${countLine({ passed: sum('passed'), failed, skipped: sum('skipped') })}\n`);
  process.exitCode = ended.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
