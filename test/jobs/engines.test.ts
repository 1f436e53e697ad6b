import { describe, expect, it } from 'vitest';
import { engineStatusSchema, speedReportSchema, speedTestIds } from '../../shared/domain/engine.ts';
import { examineEngines, testEngineSpeed } from '../../main/jobs/engines.ts';
import { engineIds } from '../../main/tensor/engine.ts';

describe('engines in compute processes', () => {
  it('are examined one by one, in order of preference', async () => {
    const statuses = await examineEngines();
    expect(statuses.map(({ id }) => id)).toEqual(engineIds);
    for (const status of statuses) expect(engineStatusSchema.parse(status)).toEqual(status);
    expect(statuses.find(({ id }) => id === 'wasm')).toMatchObject({ works: true });
  });

  it('are timed, with progress and what whole jobs would take', async () => {
    const seen: string[] = [];
    const report = await testEngineSpeed('wasm', { onProgress: (done, total) => seen.push(`${done}/${total}`) });
    expect(speedReportSchema.parse(report)).toEqual(report);
    expect(report.measurements.map(({ id }) => id)).toEqual([...speedTestIds]);
    expect(report.presets.map(({ id }) => id)).toEqual(['demo', 'mnist-cnn']);
    expect(seen[0]).toBe('0/7');
    expect(seen.at(-1)).toBe('7/7');
  }, 120_000);

  it('can be stopped while they are timed', async () => {
    const abort = new AbortController();
    const running = testEngineSpeed('wasm', { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('are refused by a name that none has', async () => {
    await expect(testEngineSpeed('abacus')).rejects.toMatchObject({ code: 'usage' });
  });
});
