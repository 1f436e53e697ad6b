import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { followRun } from '../../main/api/runs/follow-run.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { runRecord } from '../storage/run-records.ts';

const epoch = (n: number) => ({ epoch: n, steps: n, loss: 1, accuracy: 0.5, ms: 1, validation: {} });
const entry = (n: number) => ({ time: '2026-11-23T20:33:11.000Z', message: String(n) });
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A catalogue with one finished run, whose files have these lines. */
function finishedRun(files: Record<string, readonly object[]>) {
  const folder = temporaryFolder();
  for (const [name, lines] of Object.entries(files))
    writeFileSync(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const catalogue = openCatalogue(join(folder, 'catalogue.sqlite'));
  onTestFinished(() => catalogue.close());
  const record = runRecord({ folder });
  catalogue.insert(record);
  return { catalogue, id: record.id };
}

it('a run with many lines is told part by part, and others have their turn between', async () => {
  const { catalogue, id } = finishedRun({
    'metrics.jsonl': numbers(4500).map(epoch),
    'log.jsonl': numbers(7000).map(entry),
  });
  let turns = 0;
  const count = () => {
    turns++;
    turn = setImmediate(count);
  };
  let turn = setImmediate(count);
  onTestFinished(() => clearImmediate(turn));
  const [epochs, lines]: [object[], object[]] = [[], []];
  const turnsAtLog: number[] = [];
  for await (const news of followRun(catalogue, id, new AbortController().signal)) {
    if (news.type === 'steps') continue;
    const part = news.type === 'epochs' ? news.epochs : news.lines;
    expect(part.length).toBeLessThanOrEqual(2000);
    (news.type === 'epochs' ? epochs : lines).push(...part);
    if (news.type === 'log') turnsAtLog.push(turns);
  }
  expect(epochs).toEqual(numbers(4500).map(epoch));
  expect(lines).toEqual(numbers(7000).map(entry));
  expect(turnsAtLog).toHaveLength(4);
  expect(new Set(turnsAtLog).size).toBe(4);
});

it('a run with many lines is told no further once nobody listens', async () => {
  const { catalogue, id } = finishedRun({ 'log.jsonl': numbers(7000).map(entry) });
  const listening = new AbortController();
  let parts = 0;
  for await (const news of followRun(catalogue, id, listening.signal)) {
    expect(news.type).toBe('log');
    parts++;
    listening.abort();
  }
  expect(parts).toBe(1);
});
