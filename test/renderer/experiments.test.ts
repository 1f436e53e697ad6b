import { afterEach, describe, expect, it, vi } from 'vitest';
import { experiments } from '../../renderer/app/experiments.svelte.ts';
import {
  canStart,
  experimentShare,
  experimentState,
  sizeWords,
  startWord,
} from '../../renderer/runs/experiment-words.ts';
import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { experimentSummary } from './experiment-view.ts';
import { answerWith, Stream } from './fake-program.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the list of experiments', () => {
  it('is what the program says last, and is followed again after the stream has broken', async () => {
    vi.useFakeTimers();
    const streams: Stream<{ experiments: ExperimentSummary[] }>[] = [];
    answerWith({ experiments: { watch: () => (streams.push(new Stream()), streams.at(-1)!) } });
    const stop = new AbortController();
    void experiments.watch(stop.signal);
    await vi.advanceTimersByTimeAsync(0);
    expect(experiments.loaded).toBe(false);
    streams[0]!.push({ experiments: [experimentSummary()] });
    await vi.advanceTimersByTimeAsync(0);
    expect([experiments.loaded, experiments.withId('quick')?.name]).toEqual([true, 'Quick']);
    streams[0]!.break(new Error('closed'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(experiments.list).toHaveLength(1);
    streams[1]!.push({ experiments: [] });
    await vi.advanceTimersByTimeAsync(0);
    expect([experiments.list, experiments.withId('quick')]).toEqual([[], undefined]);
    stop.abort();
    streams[1]!.end();
    await vi.advanceTimersByTimeAsync(2000);
    expect(streams).toHaveLength(2);
  });
});

describe('an experiment in words', () => {
  const counts = (done: number, failed = 0, running = 0) => ({ total: 4, done, failed, running });
  it.each<[Partial<ExperimentSummary>, string, boolean]>([
    [{ state: 'running', counts: counts(1, 0, 1) }, 'Running', false],
    [{ state: 'paused', counts: counts(1) }, 'Paused', false],
    [{ state: 'elsewhere', counts: counts(1) }, 'Running elsewhere', false],
    [{ counts: counts(4) }, 'Done', false],
    [{ counts: counts(3, 1) }, 'Ended with failures', true],
    [{ counts: counts(1, 1) }, 'Stopped', true],
    [{ counts: counts(1, 1), stuck: 2 }, 'Failed', true],
    [{ counts: counts(0) }, 'Not started', true],
  ])('%j', (changes, word, startable) => {
    const summary = experimentSummary(changes);
    expect([experimentState(summary).word, canStart(summary)]).toEqual([word, startable]);
  });

  it.each([
    [counts(0), 'Start'],
    [counts(1, 1), 'Resume'],
    [counts(3, 1), 'Repeat failed runs'],
  ])('with %j is begun by “%s”', (some, word) => expect(startWord(experimentSummary({ counts: some }))).toBe(word));

  it('says how much of it has ended, and what it spans', () => {
    expect(experimentShare(experimentSummary({ counts: counts(1, 1) }))).toBe(0.5);
    expect(experimentShare(experimentSummary({ counts: { ...counts(0), total: 0 } }))).toBe(0);
    expect(sizeWords(experimentSummary({ tasks: 1, detectors: 8, seeds: 3 }))).toBe('1 task × 8 detectors × 3 seeds');
    expect(sizeWords(experimentSummary({ tasks: null }))).toBe('');
  });
});
