import { describe, expect, it } from 'vitest';
import { PhaseProgress } from '../../main/jobs/phase-progress.ts';

describe('the progress of a phase', () => {
  it('tells the time left by its rate, once that is known', () => {
    let now = 0;
    const progress = new PhaseProgress(() => now);
    progress.update('Training', 0, 100);
    now = 500;
    progress.update('Training', 10, 100, 'epoch 1');
    expect(progress.state).toEqual({ phase: 'Training', done: 10, total: 100, note: 'epoch 1', remainingMs: null });
    now = 2000;
    progress.update('Training', 20, 100);
    // 20 in 2 s: 80 more take 8 s.
    expect(progress.state.remainingMs).toBe(8000);
    now = 10_000;
    progress.update('Training', 100, 100);
    expect(progress.state.remainingMs).toBe(0);
  });

  it('counts from where a resumed training goes on, and again for each phase', () => {
    let now = 0;
    const progress = new PhaseProgress(() => now);
    progress.update('Training', 60, 100);
    now = 2000;
    progress.update('Training', 80, 100);
    expect(progress.state.remainingMs).toBe(2000);
    progress.update('Figures', 0, 2);
    expect(progress.state.remainingMs).toBeNull();
  });
});
