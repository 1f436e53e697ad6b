import { afterEach, describe, expect, it, vi } from 'vitest';
import { toasts } from '../../renderer/app/toasts.svelte.ts';
import { engineChoices } from '../../renderer/screens/experiment/engine-choices.svelte.ts';
import { models } from '../../renderer/screens/models/models.svelte.ts';
import { Statement } from '../../renderer/screens/models/statement.svelte.ts';
import { engines } from '../../renderer/screens/settings/engines.svelte.ts';
import type { EngineStatus } from '../../shared/domain/engine.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { answerWith, Stream } from './fake-program.ts';

afterEach(() => void vi.restoreAllMocks());

const statuses: EngineStatus[] = [
  { id: 'wasm', title: 'WebAssembly', works: true },
  { id: 'webgpu', title: 'WebGPU', works: false, reason: 'There is no driver.' },
];
const lost = new CupbearerError('crashed', 'Lost.');

describe('the engines', () => {
  it('are tested once at a time; a failed test leaves what is known', async () => {
    const asked = answerWith({ engines: { statuses: () => statuses } });
    await Promise.all([engines.check(), engines.check()]);
    expect([asked.length, engines.statuses, engines.checking]).toEqual([1, statuses, false]);
    answerWith({ engines: { statuses: () => Promise.reject(lost) } });
    await engines.check();
    expect([engines.statuses, engines.error, engines.checking]).toEqual([statuses, 'Lost.', false]);
  });

  it('show how far a speed test is, and nothing of it once it was stopped', async () => {
    const events = new Stream<{ type: 'progress'; done: number; total: number; note: string }>();
    let signal: AbortSignal | undefined;
    answerWith({
      engines: {
        speedTest(_, given) {
          signal = given;
          return events;
        },
      },
    });
    const measured = engines.measure('wasm');
    expect(engines.progress).toMatchObject({ done: 0, note: 'Starting' });
    events.push({ type: 'progress', done: 2, total: 5, note: 'Matrix product' });
    await vi.waitFor(() => expect(engines.progress).toMatchObject({ done: 2 }));
    engines.stop();
    expect(signal?.aborted).toBe(true);
    events.break(new CupbearerError('cancelled', 'Cancelled.'));
    await expect(measured).rejects.toMatchObject({ code: 'cancelled' });
    expect([engines.progress, engines.report]).toEqual([null, null]);
  });

  it('can be chosen where they work; they are asked for again after a failure', async () => {
    answerWith({ engines: { statuses: () => Promise.reject(lost) } });
    engineChoices.load();
    await vi.waitFor(() => expect(toasts.list.at(-1)?.message).toBe('Lost.'));
    expect(engineChoices.options.map(({ value }) => value)).toEqual(['auto']);
    const asked = answerWith({ engines: { statuses: () => statuses } });
    engineChoices.load();
    engineChoices.load();
    await vi.waitFor(() => expect(engineChoices.options).toHaveLength(3));
    expect(asked).toHaveLength(1);
    expect(engineChoices.options[2]).toMatchObject({ value: 'webgpu', disabled: true, hint: 'There is no driver.' });
  });
});

describe('the models', () => {
  it('stay listed when they cannot be listed once more', async () => {
    answerWith({ models: { list: () => [] } });
    await models.load();
    answerWith({ models: { list: () => Promise.reject(lost) } });
    await models.load();
    expect([models.list, models.error]).toEqual([[], 'Lost.']);
  });
});

describe('what an imported model was trained on', () => {
  it('has the faults that the program found, until it is changed', () => {
    const statement = new Statement();
    expect(statement.isGiven).toBe(false);
    statement.set(['data', 'seed'], 3);
    expect([statement.isGiven, statement.values]).toEqual([true, { data: { seed: 3 } }]);
    const faults = [{ path: ['data', 'seed'], message: 'Must be 0 or more.' }];
    expect(statement.refused(new CupbearerError('usage', 'No.', { details: { faults } }))).toBe(true);
    expect(statement.faultAt(['data', 'seed'])).toBe('Must be 0 or more.');
    expect([statement.hasFaultBelow(['data']), statement.hasFaultBelow(['dat'])]).toEqual([true, false]);
    statement.set(['data', 'seed'], 4);
    expect(statement.faultAt(['data', 'seed'])).toBeUndefined();
    expect(statement.refused(new CupbearerError('storage', 'The disk is full.'))).toBe(false);
  });
});
