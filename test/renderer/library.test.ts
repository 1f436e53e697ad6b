import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { library } from '../../renderer/app/library.svelte.ts';
import { toasts } from '../../renderer/app/toasts.svelte.ts';
import type { DatasetSummary, DownloadState } from '../../shared/domain/library.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { answerWith, Stream, type Answers } from './fake-program.ts';

const mnist: DatasetSummary = {
  name: 'mnist',
  title: 'MNIST',
  summary: '',
  state: 'missing',
  folder: null,
  bytes: 0,
  samples: { train: 60_000, test: 10_000 },
  classes: 10,
  shape: [28, 28, 1],
  downloadBytes: 100,
  homepage: null,
  licence: null,
  citation: null,
  byHand: null,
  files: [],
  pick: { name: 'mnist' },
};
const state = (done: number): DownloadState => ({ done, total: 100, file: 'train', finished: false });

let stream: Stream<DownloadState>;
let signal: AbortSignal | undefined;
const datasets: Answers['datasets'] = {
  list: () => [{ ...mnist, state: 'present' }],
  download: (_, given) => {
    signal = given;
    return stream;
  },
};
const soon = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  stream = new Stream();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the library', () => {
  it('keeps its datasets when they cannot be listed once more', async () => {
    answerWith({ datasets });
    await library.load();
    expect(library.datasets).toHaveLength(1);
    answerWith({ datasets: { list: () => Promise.reject(new CupbearerError('storage', 'The disk is gone.')) } });
    await library.load();
    expect([library.datasets?.length, library.error]).toEqual([1, 'The disk is gone.']);
    answerWith({ datasets });
    await library.load();
    expect(library.error).toBeNull();
  });

  it('downloads once at a time, shows how far it is, and lists the datasets again', async () => {
    const asked = answerWith({ datasets });
    const downloaded = library.download(mnist);
    await library.download(mnist);
    expect(library.downloads.get('mnist')).toMatchObject({ done: 0, total: 100 });
    stream.push(state(40));
    await soon();
    expect(library.downloads.get('mnist')?.done).toBe(40);
    stream.end();
    await downloaded;
    expect(asked).toEqual(['datasets.download', 'datasets.list']);
    expect([library.downloads.size, library.datasets?.[0]?.state]).toEqual([0, 'present']);
    expect(toasts.list.at(-1)?.message).toBe('MNIST is on disk and was checked.');
  });

  it('says why a download failed until the next one begins', async () => {
    answerWith({ datasets });
    stream.break(new CupbearerError('network', 'The server does not answer.', { hint: 'Try again.' }));
    await library.download(mnist);
    expect(library.failures.get('mnist')).toBe('The server does not answer. Try again.');
    stream = new Stream();
    const downloaded = library.download(mnist);
    expect(library.failures.has('mnist')).toBe(false);
    stream.end();
    await downloaded;
  });

  it('does not call it a failure when somebody stops it', async () => {
    answerWith({ datasets });
    const downloaded = library.download(mnist);
    await soon();
    library.cancel('mnist');
    expect(signal?.aborted).toBe(true);
    stream.break(new CupbearerError('network', 'Cut off.'));
    await downloaded;
    expect([library.failures.size, library.downloads.size]).toEqual([0, 0]);
  });
});
