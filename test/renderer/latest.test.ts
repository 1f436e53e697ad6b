import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Latest } from '../../renderer/app/latest.svelte.ts';
import { CupbearerError } from '../../shared/errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the latest answer', () => {
  it('is asked for after a moment, and only to the last question of it', async () => {
    const latest = new Latest<string>();
    const asked: string[] = [];
    const question = (text: string) => () => {
      asked.push(text);
      return Promise.resolve(`answer to ${text}`);
    };
    latest.ask(question('a'), 100);
    await vi.advanceTimersByTimeAsync(99);
    latest.ask(question('ab'), 100);
    await vi.advanceTimersByTimeAsync(99);
    expect([asked, latest.isComputing]).toEqual([[], true]);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toEqual(['ab']);
    expect([latest.value, latest.isComputing]).toEqual(['answer to ab', false]);
  });

  it('is not taken from an older question that is answered late', async () => {
    const latest = new Latest<string>();
    const slow = Promise.withResolvers<string>();
    let signal: AbortSignal | undefined;
    latest.ask((given) => {
      signal = given;
      return slow.promise;
    }, 0);
    await vi.advanceTimersByTimeAsync(0);
    latest.ask(() => Promise.resolve('new'), 0);
    expect(signal?.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    slow.resolve('old');
    await vi.advanceTimersByTimeAsync(0);
    expect(latest.value).toBe('new');
  });

  it('gives way to why there is none, unless nobody wants it any more', async () => {
    const latest = new Latest<string>();
    latest.ask(() => Promise.resolve('before'), 0);
    await vi.advanceTimersByTimeAsync(0);
    latest.ask(() => Promise.reject(new CupbearerError('internal', 'No.')), 0);
    await vi.advanceTimersByTimeAsync(0);
    expect([latest.value, latest.error]).toEqual([null, 'No.']);

    latest.ask(() => Promise.resolve('again'), 0);
    await vi.advanceTimersByTimeAsync(0);
    expect([latest.value, latest.error]).toEqual(['again', null]);
    latest.ask(() => Promise.reject(new Error('Dropped.')), 0);
    latest.drop();
    await vi.advanceTimersByTimeAsync(0);
    expect([latest.value, latest.error, latest.isComputing]).toEqual(['again', null, false]);
  });

  it('is waited for until no question is open', async () => {
    const latest = new Latest<number>();
    let settled = false;
    latest.ask(() => Promise.resolve(1), 50);
    void latest.settled().then(() => (settled = true));
    latest.ask(() => Promise.resolve(2), 50);
    await vi.advanceTimersByTimeAsync(49);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect([settled, latest.value]).toEqual([true, 2]);
  });
});
