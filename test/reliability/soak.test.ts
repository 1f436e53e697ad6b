import { expect, it } from 'vitest';
import { canListProcesses, withoutProcessList } from '../compute-processes.ts';
import { canListDescriptors, faultsOfSoak, soakLoop, type SoakReport } from './soak-loop.ts';

it.skipIf(!canListProcesses)(
  `a web host holds no more after 12 runs than after 10${withoutProcessList}`,
  async () => {
    const report = await soakLoop({ runs: 12 });
    expect(faultsOfSoak(report)).toEqual([]);
    expect(report.ended).toEqual({ done: 12 });
    // The one that checked what was to be repeated, which ends when nobody has asked it anything for minutes, and those that
    // wait for another run.
    expect(report.warm.children).toBeGreaterThanOrEqual(1);
    if (canListDescriptors) expect(report.warm.descriptors).toBeGreaterThan(3);
  },
  600_000,
);

it('tells of descriptors, child processes and runs that a web host has too many of', () => {
  const held = { descriptors: 30, children: 0, memory: 1 };
  const report: SoakReport = {
    ended: { done: 19, failed: 1 },
    warm: { ...held, runs: 10 },
    looks: [
      { ...held, runs: 10 },
      { ...held, runs: 20, descriptors: 31, children: 2 },
    ],
  };
  expect(faultsOfSoak(report)).toEqual([
    '1 run of the soak ended as "failed".',
    '2 child processes at the end, 0 when warm.',
    '31 descriptors are open at the end, 30 were when warm.',
  ]);
  expect(faultsOfSoak({ ...report, ended: { done: 20 }, looks: [report.warm] })).toEqual([]);
});
