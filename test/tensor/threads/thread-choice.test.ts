import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { measureThreads, threadsPath, wantedThreads } from '../../../main/tensor/thread-choice.ts';
import { computePool, useThreads } from '../../../main/tensor/threads/compute-threads.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cupbearer-threads-'));
  vi.stubEnv('CUPBEARER_THREADS', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  rmSync(home, { recursive: true });
});

/** A measurement that gives these numbers one after the other, and how often it was asked. */
function measuring(...found: number[]) {
  return vi.fn(() => Promise.resolve(found.shift()!));
}

describe('how many threads are used', () => {
  it('is measured once and remembered', async () => {
    const measure = measuring(4, 1);
    expect(await wantedThreads(threadsPath(home), measure, 4)).toBe(4);
    expect(await wantedThreads(threadsPath(home), measure, 4)).toBe(4);
    expect(measure).toHaveBeenCalledTimes(1);
  });

  it('is measured again for another machine, and both are remembered', async () => {
    const path = threadsPath(home);
    await wantedThreads(path, measuring(2), 2);
    const stored = JSON.parse(readFileSync(path, 'utf8')) as Record<string, object>;
    const [machine] = Object.keys(stored);
    writeFileSync(path, JSON.stringify({ [`another ${machine}`]: stored[machine!] }));
    const measure = measuring(1);
    expect(await wantedThreads(path, measure, 2)).toBe(1);
    expect(measure).toHaveBeenCalledTimes(1);
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as object)).toEqual(
      [machine, `another ${machine}`].sort(),
    );
  });

  it('is doubted after a while where it is less than there are processors', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
    const measure = measuring(1, 2, 3);
    const wanted = () => wantedThreads(threadsPath(home), measure, 2);
    expect(await wanted()).toBe(1);
    vi.advanceTimersByTime(30_000);
    expect(await wanted()).toBe(1);
    vi.advanceTimersByTime(31_000);
    expect(await wanted()).toBe(2);
    vi.advanceTimersByTime(365 * 24 * 60 * 60_000);
    expect(await wanted()).toBe(2);
  });

  it('needs no measurement with one processor', async () => {
    const measure = measuring();
    expect(await wantedThreads(threadsPath(home), measure, 1)).toBe(1);
    expect(measure).not.toHaveBeenCalled();
  });

  it('is what CUPBEARER_THREADS says', async () => {
    vi.stubEnv('CUPBEARER_THREADS', '3');
    expect(await wantedThreads(threadsPath(home), measuring(), 2)).toBe(3);
    for (const wrong of ['0', '-1', '1.5', 'two', '65']) {
      vi.stubEnv('CUPBEARER_THREADS', wrong);
      await expect(wantedThreads(threadsPath(home), measuring(), 2)).rejects.toMatchObject({
        code: 'usage',
        message: `CUPBEARER_THREADS takes a number of threads from 1 to 64, got "${wrong}".`,
      });
    }
  });

  it.each(['{', '{"a": 1}', '[]', '{"a": {"threads": 0, "measuredAt": ""}}'])(
    'is measured where the file is damaged: %s',
    async (text) => {
      writeFileSync(threadsPath(home), text);
      expect(await wantedThreads(threadsPath(home), measuring(2), 2)).toBe(2);
      expect(await wantedThreads(threadsPath(home), measuring(), 2)).toBe(2);
    },
  );

  it('is measured each time where it cannot be remembered', async () => {
    writeFileSync(join(home, 'file'), '');
    const path = join(home, 'file', 'threads.json');
    expect(await wantedThreads(path, measuring(2), 2)).toBe(2);
    expect(await wantedThreads(path, measuring(1), 2)).toBe(1);
  });

  it('is one or more, and no more than there are processors, by measurement', async () => {
    const threads = computePool()?.threads ?? 1;
    for (const processors of [1, 2, 3]) {
      const measured = await measureThreads(processors);
      expect(measured).toBeGreaterThanOrEqual(1);
      expect(measured).toBeLessThanOrEqual(processors);
    }
    useThreads(threads);
  });
});
