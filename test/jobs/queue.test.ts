import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { JobQueue, type QueuedJob } from '../../main/jobs/queue.ts';

/** A queue whose jobs end when the test says so. */
function queueOf(parallel: number, hasRoom?: (id: string) => boolean) {
  const events: string[] = [];
  const running = new Map<string, { end: () => void; fail: (error: Error) => void; signal: AbortSignal }>();
  let most = 0;
  const queue = new JobQueue({ parallel: () => parallel, onChange: () => undefined, ...given({ hasRoom }) });
  const job = (id: string, ...waitsFor: string[]): QueuedJob => ({
    id,
    waitsFor: waitsFor.map((other) => ({ id: other, name: `The run ${other}` })),
    start: (signal) => {
      events.push(`start ${id}`);
      return new Promise((resolve, reject) => {
        const leave = () => running.delete(id);
        running.set(id, {
          signal,
          end: () => (leave(), resolve()),
          fail: (error) => (leave(), reject(error)),
        });
        most = Math.max(most, running.size);
        signal.addEventListener('abort', () => (leave(), reject(signal.reason as Error)));
      });
    },
    refuse: ({ code, message }) => events.push(`refuse ${id} (${code}): ${message}`),
  });
  return { queue, job, events, running, most: () => most };
}

/** Lets all promises that are kept go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the queue', () => {
  it('starts jobs in order, as many at once as allowed', async () => {
    const { queue, job, events, running } = queueOf(2);
    queue.add([job('a'), job('b'), job('c'), job('d')]);
    await settled();
    expect(events).toEqual(['start a', 'start b']);
    expect(queue.places).toEqual([
      { id: 'a', state: 'running', position: null, waitsFor: null },
      { id: 'b', state: 'running', position: null, waitsFor: null },
      { id: 'c', state: 'waiting', position: 1, waitsFor: null },
      { id: 'd', state: 'waiting', position: 2, waitsFor: null },
    ]);
    running.get('b')!.end();
    await settled();
    expect(events.at(-1)).toBe('start c');
    expect(queue.places.at(-1)).toMatchObject({ id: 'd', position: 1 });
  });

  it('starts no other job where there is no room for it, and always one', async () => {
    const asked: string[] = [];
    let isRoom = false;
    const { queue, job, events, running } = queueOf(3, (id) => (asked.push(id), isRoom));
    queue.add([job('a'), job('b'), job('c')]);
    await settled();
    // The small ones do not pass the large one.
    expect([events, asked]).toEqual([['start a'], ['b']]);
    running.get('a')!.end();
    await settled();
    expect(events).toEqual(['start a', 'start b']);
    isRoom = true;
    queue.cancel([]);
    await settled();
    expect(events).toEqual(['start a', 'start b', 'start c']);
  });

  it('knows which jobs are refused if others are cancelled', () => {
    const { queue, job } = queueOf(1);
    queue.add([job('a'), job('b', 'a'), job('c', 'b'), job('d')]);
    expect(queue.waitersOf(['a'])).toEqual(['b', 'c']);
    expect(queue.waitersOf(['a', 'c'])).toEqual(['b']);
    expect(queue.waitersOf(['d', 'unknown'])).toEqual([]);
  });

  it('lets a job pass one that waits for another', async () => {
    const { queue, job, events, running } = queueOf(2);
    queue.add([job('classifier'), job('detector', 'classifier'), job('other')]);
    await settled();
    expect(events).toEqual(['start classifier', 'start other']);
    expect(queue.places.at(-1)).toEqual({ id: 'detector', state: 'waiting', position: 1, waitsFor: 'classifier' });
    running.get('classifier')!.end();
    await settled();
    expect(events.at(-1)).toBe('start detector');
  });

  it('takes what it does not know to be done', async () => {
    const { queue, job, events } = queueOf(1);
    queue.add([job('detector', 'of last year')]);
    await settled();
    expect(events).toEqual(['start detector']);
  });

  it('refuses those that wait for one that failed, with its reason, and goes on', async () => {
    const { queue, job, events, running } = queueOf(1);
    queue.add([job('a'), job('b', 'a'), job('c', 'b'), job('d')]);
    await settled();
    running.get('a')!.fail(new CupbearerError('crashed', 'It was killed.'));
    await Promise.all(['a', 'b', 'c'].map((id) => queue.ended(id)));
    await settled();
    expect(events.slice(1)).toEqual([
      'refuse b (crashed): The run a failed: It was killed.',
      'refuse c (crashed): The run b failed: The run a failed: It was killed.',
      'start d',
    ]);
    running.get('d')!.end();
    await queue.ended('d');
    expect(queue.places).toEqual([]);
  });

  it('goes on after a job that throws at once', async () => {
    const { queue, job, events } = queueOf(1);
    const throwing: QueuedJob = {
      ...job('a'),
      start: () => {
        throw new Error('at once');
      },
    };
    queue.add([throwing, job('b')]);
    await settled();
    expect(events).toEqual(['start b']);
  });

  it('cancels one that waits, and those that wait for it', async () => {
    const { queue, job, events } = queueOf(1);
    queue.add([job('a'), job('b'), job('c', 'b'), job('d')]);
    await settled();
    queue.cancel(['b', 'nobody']);
    expect(events).toEqual([
      'start a',
      'refuse b (cancelled): Cancelled.',
      'refuse c (cancelled): The run b was cancelled.',
    ]);
    expect(queue.places.map(({ id }) => id)).toEqual(['a', 'd']);
  });

  it('starts none of those that are held until they are cancelled, nor what waits for them', async () => {
    const { queue, job, events, running } = queueOf(1);
    queue.add([job('a'), job('b'), job('c', 'b'), job('d')]);
    await settled();
    queue.hold(['a', 'b', 'nobody']);
    running.get('a')!.end();
    await settled();
    expect(events).toEqual(['start a', 'start d']);
    queue.cancel(['b']);
    expect(events.slice(2)).toEqual([
      'refuse b (cancelled): Cancelled.',
      'refuse c (cancelled): The run b was cancelled.',
    ]);
  });

  it('says of one that is cancelled along with what it waits for that it is for that reason', async () => {
    const { queue, job, events } = queueOf(1);
    queue.add([job('a'), job('b', 'a'), job('c')]);
    await settled();
    queue.hold(['b', 'a', 'c']);
    queue.cancel(['b', 'a', 'c']);
    expect(events.slice(1)).toEqual([
      'refuse b (cancelled): The run a was cancelled.',
      'refuse c (cancelled): Cancelled.',
    ]);
  });

  it('cancels one that runs by its signal', async () => {
    const { queue, job, events, running } = queueOf(1);
    queue.add([job('a'), job('b'), job('c', 'a')]);
    const ended = queue.ended('a');
    await settled();
    const { signal } = running.get('a')!;
    queue.cancel(['a']);
    expect(signal.aborted).toBe(true);
    await ended;
    await settled();
    expect(events).toEqual(['start a', 'refuse c (cancelled): The run a was cancelled.', 'start b']);
  });

  it('ends all when it is closed, and starts none on the way', async () => {
    const { queue, job, events } = queueOf(1);
    queue.add([job('a'), job('b'), job('c', 'b')]);
    await settled();
    await queue.close(new CupbearerError('cancelled', 'The program was closed.'));
    expect(events[0]).toBe('start a');
    expect(events.filter((event) => event.startsWith('start'))).toEqual(['start a']);
    expect(events.slice(1).sort()).toEqual([
      'refuse b (cancelled): The program was closed.',
      'refuse c (cancelled): The program was closed.',
    ]);
    expect(queue.places).toEqual([]);
  });

  it('refuses a job that it has', async () => {
    const { queue, job } = queueOf(1);
    queue.add([job('a')]);
    expect(() => queue.add([job('b'), job('a')])).toThrow('The run a is waiting or running already.');
    expect(queue.has('b')).toBe(false);
  });

  it('ends every job once, never with more at once than allowed', async () => {
    const choice = fc.record({ needs: fc.array(fc.nat(11), { maxLength: 2 }), ends: fc.constantFrom('well', 'badly') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(choice, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        async (jobs, parallel) => {
          const { queue, job, events, running, most } = queueOf(parallel);
          // Each waits for some of those before it, so there is no circle.
          queue.add(jobs.map(({ needs }, i) => job(`${i}`, ...needs.filter((k) => k < i).map(String))));
          const all = jobs.map((_, i) => queue.ended(`${i}`));
          const badly = new Set<string>();
          while (queue.places.length > 0) {
            await settled();
            for (const [id, { end, fail }] of [...running]) {
              if (jobs[Number(id)]!.ends === 'well') end();
              else {
                badly.add(id);
                fail(new Error('badly'));
              }
            }
            await settled();
          }
          await Promise.all(all);
          const ids = events.map((event) => event.split(' ')[1]);
          expect([...ids].sort((a, b) => Number(a) - Number(b))).toEqual(jobs.map((_, i) => `${i}`));
          expect(most()).toBeLessThanOrEqual(parallel);
          for (const event of events.filter((text) => text.startsWith('start'))) {
            const { needs } = jobs[Number(event.split(' ')[1])]!;
            expect(needs.some((k) => k < Number(event.split(' ')[1]) && badly.has(`${k}`))).toBe(false);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
