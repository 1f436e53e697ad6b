import { describe, expect, it } from 'vitest';
import { canListProcesses } from '../compute-processes.ts';
import { killLoop } from './kill-loop/kill-loop.ts';
import { storageKillLoop } from './storage-kill-loop/storage-kill-loop.ts';

const withoutSignals = canListProcesses ? '' : ' (skipped: Windows has no signals)';

describe.skipIf(!canListProcesses)(`the program at work${withoutSignals}`, () => {
  it('loses nothing to 20 signals', async () => {
    const lines: string[] = [];
    const report = await killLoop({ kills: 20, seed: 11, say: (line) => lines.push(line) });
    expect(report.faults, lines.join('\n')).toEqual([]);
    expect(report.kills).toBe(20);
    // Otherwise nothing was cut off, and nothing shown.
    expect(report.ended['interrupted'] ?? 0).toBeGreaterThan(0);
    expect(report.ended['failed'] ?? 0).toBeGreaterThan(0);
    expect(report.resumed).toBeGreaterThan(0);
  }, 900_000);
});

describe('what is stored', () => {
  it('is whole after 25 kills of processes that write it', async () => {
    const { faults, kills, writes } = await storageKillLoop({ kills: 25, seed: 11 });
    expect(faults).toEqual([]);
    expect(kills).toBe(25);
    expect(writes).toBeGreaterThan(kills);
  }, 600_000);
});
