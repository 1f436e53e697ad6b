import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { catalogue } from '../../renderer/app/catalogue.svelte.ts';
import { toasts } from '../../renderer/app/toasts.svelte.ts';
import type { CatalogueEvent } from '../../shared/domain/live.ts';
import { answerWith, Stream } from './fake-program.ts';
import { runSummary } from './run-summary.ts';

const run = (id: string, status: 'done' | 'running' | 'queued' = 'done', archived = false) => runSummary({ id, status, archived }); // prettier-ignore
const runs = (...list: ReturnType<typeof run>[]): CatalogueEvent => ({ type: 'runs', runs: list, complete: true });
const part = (...list: ReturnType<typeof run>[]): CatalogueEvent => ({ type: 'runs', runs: list, complete: false });

let streams: Stream<CatalogueEvent>[];
let stop: AbortController;
/** Lets all that has arrived be taken in. */
const taken = () => vi.advanceTimersByTimeAsync(0);
const ids = () => [...catalogue.runs.keys()];

beforeEach(async () => {
  vi.useFakeTimers();
  catalogue.runs = new Map();
  catalogue.live = new Map();
  catalogue.loaded = false;
  streams = [];
  stop = new AbortController();
  answerWith({
    runs: {
      watch: () => {
        const stream = new Stream<CatalogueEvent>();
        streams.push(stream);
        return stream;
      },
    },
  });
  void catalogue.watch(stop.signal);
  await taken();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the catalogue', () => {
  it('is loaded once the first account is whole, and shows parts that are worth it', async () => {
    streams[0]!.push(part(run('a')));
    await taken();
    expect([ids(), catalogue.loaded]).toEqual([['a'], false]);
    streams[0]!.push(part());
    streams[0]!.push(runs(run('b')));
    await taken();
    expect([ids(), catalogue.loaded]).toEqual([['a', 'b'], true]);
  });

  it('takes in changes, and counts what runs, waits and is archived', async () => {
    streams[0]!.push(runs(run('a'), run('b', 'running'), run('c', 'queued'), run('d', 'done', true)));
    await taken();
    expect([catalogue.running, catalogue.waiting, catalogue.archived]).toEqual([1, 1, 1]);
    streams[0]!.push({ type: 'runs', runs: [run('b'), run('e')], complete: true });
    streams[0]!.push({ type: 'removed', ids: ['a', 'd'] });
    await taken();
    expect(ids()).toEqual(['b', 'c', 'e']);
    expect([catalogue.running, catalogue.waiting, catalogue.archived]).toEqual([0, 1, 0]);
  });

  it('passes on what the program has to say', async () => {
    streams[0]!.push({ type: 'notice', message: 'A folder could not be read.' });
    await taken();
    expect(toasts.list.at(-1)?.message).toBe('A folder could not be read.');
  });

  it('starts again when the stream is lost, and then forgets what was removed meanwhile', async () => {
    streams[0]!.push(runs(run('a'), run('b')));
    await taken();
    streams[0]!.break(new Error('gone'));
    await taken();
    expect(ids()).toEqual(['a', 'b']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(streams).toHaveLength(2);
    streams[1]!.push(part(run('b')));
    await taken();
    expect(ids()).toEqual(['a', 'b']);
    streams[1]!.push(runs(run('c')));
    await taken();
    expect(ids()).toEqual(['b', 'c']);
  });

  it('is not asked for any more once it is stopped', async () => {
    stop.abort();
    streams[0]!.end();
    await vi.advanceTimersByTimeAsync(5000);
    expect(streams).toHaveLength(1);
  });
});
