import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forkProcess, type ProcessEnd } from '../../main/jobs/child-process.ts';
import { RunningProcesses } from '../../main/jobs/running-processes.ts';
import { temporaryFolder } from '../storage/fixtures.ts';

function script(source: string): string {
  const file = join(temporaryFolder(), 'entry.mjs');
  writeFileSync(file, source);
  return file;
}

it('starts processes as they were asked for: with variables, and somebody who hears their error output', async () => {
  const lines: string[] = [];
  const child = new RunningProcesses(forkProcess).launch(script('console.error(`It is ${process.env.SAID}`)'), {
    env: { SAID: 'so' },
    onErrorLine: (line) => lines.push(line),
  });
  await new Promise<ProcessEnd>((resolve) => child.onEnd(resolve));
  expect(lines).toEqual(['It is so']);
});

it('ends all that go on at once', async () => {
  const processes = new RunningProcesses(forkProcess);
  const entry = script('setInterval(() => undefined, 1000)');
  const ends = [1, 2].map(() => {
    const child = processes.launch(entry);
    return new Promise<ProcessEnd>((resolve) => child.onEnd(resolve));
  });
  processes.killAll();
  expect((await Promise.all(ends)).map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
});
