import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columns, runOrder } from '../../renderer/screens/runs/columns.ts';
import { SortedRuns } from '../../renderer/screens/runs/sorted-runs.ts';
import type { RunSummary } from '../../shared/domain/live.ts';
import { runSummary } from './run-summary.ts';

const when = columns.find(({ id }) => id === 'when')!;

describe('runs in order', () => {
  it('are in the order of a sort from scratch after any changes', () => {
    const change = fc.record({ id: fc.integer({ min: 0, max: 20 }), minute: fc.nat(59), isGone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 6 }), fc.boolean(), (steps, descending) => {
        const order = runOrder(when, descending);
        const sorted = new SortedRuns();
        const runs = new Map<string, RunSummary>();
        for (const step of steps) {
          for (const { id, minute, isGone } of step) {
            const name = `run ${id}`;
            if (isGone) runs.delete(name);
            else
              runs.set(
                name,
                // No two of one minute and second, whose order would be open.
                runSummary({ id: name, createdAt: `2026-11-24T10:${String(minute).padStart(2, '0')}:${10 + id}Z` }),
              );
          }
          const placed = [...runs.values()].map(order.place).sort(order.compare);
          expect(sorted.of(runs, order)).toEqual(placed.map(({ run }) => run));
        }
      }),
    );
  });

  it('are the same list where nothing has changed, and another one in another order', () => {
    const runs = new Map([['a', runSummary({ id: 'a' })]]);
    const order = runOrder(when, true);
    const sorted = new SortedRuns();
    const first = sorted.of(runs, order);
    expect(sorted.of(runs, order)).toBe(first);
    expect(sorted.of(new Map(runs), order)).toBe(first);
    expect(sorted.of(runs, runOrder(when, false))).not.toBe(first);
  });
});
