import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { palette } from '../../renderer/app/palette.svelte.ts';
import { toasts } from '../../renderer/app/toasts.svelte.ts';
import { CupbearerError } from '../../shared/errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const { id } of toasts.list) toasts.dismiss(id);
  vi.useRealTimers();
});

const messages = () => toasts.list.map(({ message }) => message);

describe('toasts', () => {
  it('are three at most, the oldest goes', () => {
    for (const message of ['a', 'b', 'c', 'd']) toasts.show({ message });
    expect(messages()).toEqual(['b', 'c', 'd']);
  });

  it('go after 6 s, those that offer something after 10 s', () => {
    toasts.show({ message: 'said' });
    toasts.undo('done', () => undefined);
    vi.advanceTimersByTime(5999);
    expect(messages()).toEqual(['said', 'done']);
    vi.advanceTimersByTime(1);
    expect(messages()).toEqual(['done']);
    vi.advanceTimersByTime(4000);
    expect(messages()).toEqual([]);
  });

  it('stay while they are held, and then for their whole time', () => {
    toasts.show({ message: 'held' });
    const [{ id } = { id: 0 }] = toasts.list;
    vi.advanceTimersByTime(5000);
    toasts.hold(id);
    vi.advanceTimersByTime(60_000);
    expect(messages()).toEqual(['held']);
    toasts.resume(id);
    vi.advanceTimersByTime(5999);
    expect(messages()).toEqual(['held']);
    vi.advanceTimersByTime(1);
    expect(messages()).toEqual([]);
  });

  it('say why something failed, but not that somebody cancelled it', () => {
    toasts.failed(new CupbearerError('cancelled', 'Cancelled.'));
    expect(messages()).toEqual([]);
    toasts.failed(new CupbearerError('bad-data', 'It is damaged.', { hint: 'Repeat it.' }));
    expect(toasts.list).toMatchObject([{ message: 'It is damaged.', hint: 'Repeat it.', tone: 'danger' }]);
  });
});

describe('the palette', () => {
  it('has what is offered until it is taken back, each offer by itself', () => {
    const command = (label: string) => ({ label, run: () => undefined });
    const [first, second] = [[command('a'), command('b')], [command('a')]];
    const takeFirst = palette.offer(first);
    const takeSecond = palette.offer(second);
    expect(palette.offered.map(({ label }) => label)).toEqual(['a', 'b', 'a']);
    takeFirst();
    expect(palette.offered).toEqual(second);
    takeSecond();
    expect(palette.offered).toEqual([]);
  });
});
