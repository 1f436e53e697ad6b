import { describe, expect, it } from 'vitest';
import { inLine, unfinishedIds } from '../../renderer/screens/runs/table-groups.ts';
import type { LiveState, RunSummary } from '../../shared/domain/live.ts';
import { runSummary } from './run-summary.ts';

/** A run that was made at this minute. */
const run = (id: string, status: RunSummary['status'], minute: number, more: Partial<RunSummary> = {}): RunSummary =>
  runSummary({ id, status, createdAt: `2026-11-24T10:${String(minute).padStart(2, '0')}:00Z`, ...more });

const waiting = (id: string, queuePosition: number): [string, LiveState] => [
  id,
  { id, phase: '', note: null, done: 0, total: 0, remainingMs: null, queuePosition, waitsFor: null },
];

describe('what stands above all other runs', () => {
  it('is what goes on or waits, archived or not, and the newest five to look at that are not archived', () => {
    const runs = [
      run('going', 'running', 1),
      run('resumed', 'running', 0, { archived: true }),
      run('waiting', 'queued', 2, { archived: true }),
      run('done', 'done', 3),
      run('cancelled', 'cancelled', 4),
      run('put away', 'failed', 50, { archived: true }),
      ...[10, 11, 12, 13, 14, 15].map((minute) => run(`failed ${minute}`, 'failed', minute)),
      run('cut off', 'interrupted', 20),
    ];
    const expected = ['going', 'resumed', 'waiting', 'cut off', 'failed 15', 'failed 14', 'failed 13', 'failed 12'];
    expect([...unfinishedIds(runs)]).toEqual(expected);
  });

  it('is in the order of running, waiting by place in line, and to be looked at', () => {
    const runs = [
      run('failed', 'failed', 9),
      run('second', 'queued', 1),
      run('unknown, later', 'queued', 8),
      run('unknown', 'queued', 7),
      run('first', 'queued', 5),
      run('old', 'running', 2),
      run('new', 'running', 3),
    ];
    const live = new Map([waiting('first', 1), waiting('second', 2)]);
    const order = inLine(runs, live).map(({ id }) => id);
    expect(order).toEqual(['new', 'old', 'first', 'second', 'unknown', 'unknown, later', 'failed']);
  });
});
