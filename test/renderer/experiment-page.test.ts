import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { experiments } from '../../renderer/app/experiments.svelte.ts';
import { ExperimentPage } from '../../renderer/screens/experiment-page/experiment-page.svelte.ts';
import type { ExperimentView, ViewOptions } from '../../shared/domain/experiment-view.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { experimentSummary, experimentView } from './experiment-view.ts';
import { answerWith } from './fake-program.ts';

type Asked = ViewOptions & { id: string; signal: AbortSignal | undefined; answer: (view: ExperimentView) => void; fail: (error: Error) => void }; // prettier-ignore

let asked: Asked[];

beforeEach(() => {
  vi.useFakeTimers();
  experiments.list = [];
  asked = [];
  answerWith({
    experiments: {
      view: (input, signal) => {
        const { promise, resolve, reject } = Promise.withResolvers<ExperimentView>();
        asked.push({ metric: 'auroc', ...input, signal, answer: resolve, fail: reject });
        return promise;
      },
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const soon = () => vi.advanceTimersByTimeAsync(0);
const last = () => asked.at(-1)!;

async function opened(view: ExperimentView): Promise<ExperimentPage> {
  const page = new ExperimentPage('quick');
  page.show({ metric: 'auroc' });
  await soon();
  last().answer(view);
  await soon();
  return page;
}

const three = (mean?: readonly (number | null)[]) =>
  experimentView({ knn: [0.8, 0.6], skyline: [1, 1], vae: [0.9, 0.5], que: [null, 0.7] }, mean);

describe('an experiment’s view', () => {
  it('is asked for once at a time and at most once a second, and the old one stays meanwhile', async () => {
    const first = three();
    const page = await opened(first);
    page.refresh();
    page.refresh();
    await vi.advanceTimersByTimeAsync(999);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(2);
    page.refresh();
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toHaveLength(2);
    expect(page.view).toBe(first);
    const second = three();
    last().answer(second);
    await soon();
    expect(page.view).toBe(second);
    expect(asked).toHaveLength(3);
    page.close();
  });

  it('is asked for at once with another metric, and what was asked before is dropped', async () => {
    const page = await opened(three());
    page.refresh();
    await vi.advanceTimersByTimeAsync(1000);
    const before = last();
    page.show({ metric: 'tpr_at_1', baseline: 'knn' });
    await soon();
    expect(before.signal?.aborted).toBe(true);
    expect(last()).toMatchObject({ id: 'quick', metric: 'tpr_at_1', baseline: 'knn' });
    const wanted = three();
    last().answer(wanted);
    before.answer(three());
    await soon();
    expect(page.view).toBe(wanted);
  });

  it('stays where the next one fails, which is said until it succeeds', async () => {
    const view = three();
    const page = await opened(view);
    page.refresh();
    await vi.advanceTimersByTimeAsync(1000);
    last().fail(new CupbearerError('storage', 'The disk is gone.'));
    await soon();
    expect([page.view === view, page.failure?.message, page.isComputing]).toEqual([true, 'The disk is gone.', false]);
    page.tryAgain();
    await soon();
    last().answer(three());
    await soon();
    expect(page.failure).toBeNull();
  });

  it('has the state that the list knows', async () => {
    const page = await opened(three());
    expect(page.summary?.state).toBe('idle');
    experiments.list = [experimentSummary({ state: 'running' })];
    expect(page.summary?.state).toBe('running');
  });
});

describe('rows', () => {
  it('stand as in the spec, skylines above, until they are sorted', async () => {
    const page = await opened(three());
    expect(page.order).toEqual([1, 0, 2, 3]);
    expect(page.sort).toBeUndefined();
  });

  it('are sorted by a task, the best first and then the other way round, those without a figure last', async () => {
    const page = await opened(three());
    page.sortBy(0);
    expect([page.order, page.sort]).toEqual([[1, 2, 0, 3], { by: 0, isBestFirst: true }]);
    page.sortBy(0);
    expect([page.order, page.sort]).toEqual([[1, 0, 2, 3], { by: 0, isBestFirst: false }]);
    page.sortBy(1);
    expect(page.order).toEqual([1, 3, 0, 2]);
  });

  it('have the lowest first where lower is better', async () => {
    const view = three();
    const page = await opened({ ...view, matrix: { ...view.matrix, metric: 'fpr_at_95' } });
    page.sortBy(0);
    expect(page.order).toEqual([1, 0, 2, 3]);
  });

  it('stay in place when results come in, and are then no longer said to be sorted', async () => {
    const page = await opened(three([0.7, 1, 0.6, 0.5]));
    page.sortBy('mean');
    expect(page.order).toEqual([1, 0, 2, 3]);
    page.refresh();
    await vi.advanceTimersByTimeAsync(1000);
    last().answer(three([0.7, 1, 0.6, 0.9]));
    await soon();
    expect([page.order, page.sort]).toEqual([[1, 0, 2, 3], undefined]);
    page.sortBy('mean');
    expect(page.order).toEqual([1, 3, 0, 2]);
  });
});

describe('what is looked at', () => {
  it('is the first ranked detector’s first cell until one is chosen, or where that is gone', async () => {
    const page = await opened(experimentView({ skyline: [1], knn: [0.8] }));
    expect(page.chosen).toEqual({ row: 1, column: 0 });
    page.choose({ row: 0, column: 0 });
    expect(page.chosen).toEqual({ row: 0, column: 0 });
    page.look({ detector: 'gone', task: 'task 0' });
    expect(page.chosen).toEqual({ row: 1, column: 0 });
  });

  it('is kept for the address, by labels, and comes back from there', async () => {
    const kept: object[] = [];
    const page = new ExperimentPage('quick', (look) => kept.push(look));
    page.show({ metric: 'auroc' });
    await soon();
    last().answer(three());
    await soon();
    page.choose({ row: 2, column: 1 });
    page.sortBy(1);
    page.sortBy(1);
    expect(kept).toEqual([
      { detector: 'vae', task: 'task 1' },
      { detector: 'vae', task: 'task 1', sort: 'task task 1' },
      { detector: 'vae', task: 'task 1', sort: 'task task 1, worst first' },
    ]);
    const order = page.order;
    page.look({});
    expect([page.order, page.chosen]).toEqual([[1, 0, 2, 3], { row: 0, column: 0 }]);
    page.look(kept[2]!);
    expect([page.order, page.chosen]).toEqual([order, { row: 2, column: 1 }]);
  });

  it('is sorted once the results are there, and by nothing that they do not have', async () => {
    const page = new ExperimentPage('quick');
    page.look({ sort: 'task task 0' });
    page.show({ metric: 'auroc' });
    await soon();
    last().answer(three());
    await soon();
    expect(page.order).toEqual([1, 2, 0, 3]);
    page.look({ sort: 'task gone' });
    expect([page.order, page.sort]).toEqual([[1, 0, 2, 3], undefined]);
  });

  it('is shown at once where it was shown before, unless something has changed since', async () => {
    const [auroc, ap] = [three(), three()];
    const page = await opened(auroc);
    page.show({ metric: 'average_precision' });
    await soon();
    last().answer(ap);
    await soon();
    page.show({ metric: 'auroc' });
    expect(page.view).toBe(auroc);
    page.show({ metric: 'average_precision' });
    expect([page.view === ap, asked.length, page.isComputing]).toEqual([true, 2, false]);
    page.refresh();
    page.show({ metric: 'auroc' });
    await soon();
    expect(asked).toHaveLength(3);
  });
});
