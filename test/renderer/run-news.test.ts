import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunNews } from '../../renderer/screens/run/run-news.svelte.ts';
import type { Epoch, RunNews as RunEvent } from '../../shared/domain/live.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { answerWith, Stream } from './fake-program.ts';

const epoch = (number: number, loss = 1): Epoch => ({
  epoch: number,
  steps: 1,
  loss,
  accuracy: 0.5,
  ms: 10,
  validation: {},
});
const steps = (...losses: number[]): RunEvent => ({ type: 'steps', steps: [{ epoch: 1, first: 0, of: 10, losses }] });
const epochs = (...list: Epoch[]): RunEvent => ({ type: 'epochs', epochs: list });
const log = (...messages: string[]): RunEvent => ({
  type: 'log',
  lines: messages.map((message) => ({ time: '2026-11-24T10:00:00Z', message })),
});

let streams: Stream<RunEvent>[];
let stop: AbortController;
let news: RunNews;
let ended: boolean;
const soon = () => vi.advanceTimersByTimeAsync(0);

beforeEach(async () => {
  vi.useFakeTimers();
  streams = [];
  stop = new AbortController();
  answerWith({
    runs: {
      follow() {
        const stream = new Stream<RunEvent>();
        streams.push(stream);
        return stream;
      },
    },
  });
  news = new RunNews();
  ended = false;
  void news.follow('a', stop.signal).then(() => (ended = true));
  await soon();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the news of a run', () => {
  it('grow until the run ends', async () => {
    streams[0]!.push(epochs(epoch(1)));
    streams[0]!.push(log('started'));
    streams[0]!.push(log('epoch 1'));
    await soon();
    expect(news.epochs).toEqual([epoch(1)]);
    streams[0]!.push(steps(3, 2));
    streams[0]!.push(steps(1));
    await soon();
    expect(news.steps.flatMap(({ losses }) => losses)).toEqual([3, 2, 1]);
    expect(news.lines.map(({ message }) => message)).toEqual(['started', 'epoch 1']);
    streams[0]!.end();
    await soon();
    expect([ended, news.loaded]).toEqual([true, true]);
  });

  it('have the later account of an epoch that a resumed training tells again', async () => {
    streams[0]!.push(epochs(epoch(1, 0.9), epoch(2, 0.8), epoch(3, 0.7)));
    streams[0]!.push(epochs(epoch(2, 0.6)));
    await soon();
    expect(news.epochs.map((one) => [one.epoch, one.loss])).toEqual([
      [1, 0.9],
      [2, 0.6],
    ]);
  });

  it('say that there is nothing only after a moment', async () => {
    await vi.advanceTimersByTimeAsync(499);
    expect(news.loaded).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(news.loaded).toBe(true);
  });

  it('start over after the connection was lost, and not after any other failure', async () => {
    streams[0]!.push(log('a', 'b'));
    streams[0]!.break(new CupbearerError('crashed', 'Lost.'));
    await soon();
    expect([news.failure?.message, news.lines.length]).toEqual(['Lost.', 2]);
    await vi.advanceTimersByTimeAsync(1000);
    streams[1]!.push(log('a'));
    await soon();
    expect([news.failure, news.lines.length]).toEqual([undefined, 1]);
    streams[1]!.break(new CupbearerError('not-found', 'There is no such run.'));
    await vi.advanceTimersByTimeAsync(5000);
    expect([ended, streams.length, news.failure?.message]).toEqual([true, 2, 'There is no such run.']);
  });

  it('do not call it a failure when nobody looks any more', async () => {
    stop.abort();
    streams[0]!.break(new CupbearerError('crashed', 'Lost.'));
    await soon();
    expect([ended, news.failure]).toEqual([true, undefined]);
  });
});
