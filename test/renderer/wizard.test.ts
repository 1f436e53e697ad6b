import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toasts } from '../../renderer/app/toasts.svelte.ts';
import { earlierDrafts } from '../../renderer/screens/experiment/earlier-drafts.svelte.ts';
import { Wizard } from '../../renderer/screens/experiment/wizard.svelte.ts';
import type { DraftCheck, ExperimentDraft, Preset } from '../../shared/domain/draft.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { answerWith, type Answers } from './fake-program.ts';

const draftOf = (name: string, tags: string[] = []): ExperimentDraft => ({
  preset: '',
  classifier: { source: 'train', params: {} },
  task: { name },
  detectors: [{ name: 'knn' }],
  evaluation: {},
  engine: 'auto',
  tags,
});
const preset = (name: string): Preset => ({
  id: name,
  title: name,
  summary: '',
  usualMs: null,
  missingData: [],
  draft: draftOf(name),
});
const fault = (step: 'task' | 'detectors', ...path: string[]): DraftCheck['faults'][number] => ({ step, path, label: path.at(-1) ?? '', message: `Wrong: ${path.join('.')}` }); // prettier-ignore

let stored: ExperimentDraft | null;
let faults: DraftCheck['faults'];
let drafts: NonNullable<Answers['drafts']>;
let asked: string[];
const soon = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  stored = null;
  faults = [];
  drafts = {
    presets: () => [preset('first'), preset('second')],
    definitions: () => [],
    storedDraft: () => stored,
    storeDraft({ draft }) {
      stored = draft;
      return {};
    },
    check: () => ({
      faults,
      summaries: {} as DraftCheck['summaries'],
      tasks: [],
      classifiers: [],
      detectors: [],
      unsuited: { que: { message: 'It needs untrusted data.', lack: '', tasks: [0], mends: [] } },
    }),
    network: () => ({ architecture: 'mlp', inputShape: [4], classes: 2, parameters: 8, layers: [] }),
    preview: () => ({ samples: { kind: 'none', reason: '' }, normal: null, unpaired: null, note: null }),
    review: () => ({ runs: [] }),
    estimate: () => ({ totalMs: 1000, mostMs: 3000, parts: [], engine: 'wasm' }),
    fromRun: ({ id }) => draftOf(`of ${id}`, ['old']),
    runTimes: () => ({ knn: { runs: 2, lowMs: 200, middleMs: 250, highMs: 300 } }),
    plan: ({ draft }) => ({
      seeds: Array.from({ length: draft.seeds ?? 1 }, (_, i) => i),
      rows: [],
      columns: [],
      cells: [],
      classifiers: { total: 0, reused: 0, from: [] },
      toCompute: { knn: 3 },
      freeBytes: null,
      addsTo: null,
      spec: {},
    }),
    fromExperiment: ({ id }) => ({ ...draftOf('added'), extends: id }),
    start: () => ({ ids: ['classifier', 'detector'], experiment: null }),
  };
  asked = answerWith({ drafts });
  // What another test has left.
  while (earlierDrafts.areThere) earlierDrafts.take(null);
  earlierDrafts.begin(draftOf('nothing'), null);
  for (const { id } of toasts.list) toasts.dismiss(id);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function opened(from: Parameters<Wizard['open']>[0] = null): Promise<Wizard> {
  const wizard = new Wizard();
  await wizard.open(from);
  return wizard;
}

describe('the wizard', () => {
  it('opens the draft as it was left, else the first preset', async () => {
    expect((await opened()).draft?.task).toEqual({ name: 'first' });
    stored = draftOf('left');
    expect((await opened()).draft?.task).toEqual({ name: 'left' });
  });

  it('begins with a run or a model, and keeps what somebody had set up before', async () => {
    stored = draftOf('mine');
    const again = await opened({ kind: 'from', id: 'a' });
    expect(again.draft).toMatchObject({ task: { name: 'of a' }, tags: ['old'] });
    expect(stored).toMatchObject({ task: { name: 'of a' } });
    expect(toasts.list.at(-1)?.message).toBe('The draft that you had is kept.');
    again.backToEarlier();
    expect(again.draft?.task).toEqual({ name: 'mine' });

    const model = await opened({ kind: 'model', id: 'b' });
    expect(model.draft).toMatchObject({ classifier: { source: 'run', run: 'b' }, tags: [] });
    expect((await opened({ kind: 'experiment', id: 'c' })).draft).toMatchObject({
      task: { name: 'added' },
      extends: 'c',
    });
  });

  it('does not keep a preset, or a draft that nobody has changed', async () => {
    const wizard = await opened();
    wizard.beginWith(draftOf('given'));
    expect(earlierDrafts.areThere).toBe(false);
    wizard.beginWith(draftOf('other'));
    expect(earlierDrafts.areThere).toBe(false);
    wizard.set(['tags'], ['mine']);
    wizard.beginWith(draftOf('given'));
    expect(earlierDrafts.areThere).toBe(true);
  });

  it('stores changes together, once they have paused', async () => {
    const wizard = await opened();
    asked.length = 0;
    wizard.set(['evaluation', 'seed'], 1);
    await vi.advanceTimersByTimeAsync(399);
    wizard.set(['evaluation', 'seed'], 2);
    await vi.advanceTimersByTimeAsync(399);
    expect([wizard.isStored, asked.includes('drafts.storeDraft')]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([wizard.isStored, stored?.evaluation]).toEqual([true, { seed: 2 }]);
    expect(asked.filter((name) => name === 'drafts.storeDraft')).toHaveLength(1);
  });

  it('stores at once what is not stored yet when it is closed, and asks nothing more', async () => {
    const wizard = await opened();
    wizard.set(['evaluation', 'seed'], 3);
    wizard.close();
    await soon();
    expect(stored?.evaluation).toEqual({ seed: 3 });
    asked.length = 0;
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toEqual([]);
  });

  it('has faults by field and by step, and no estimate while there are any', async () => {
    faults = [fault('detectors', 'detectors', '0', 'k'), fault('task', 'task', 'seed')];
    const wizard = await opened();
    await vi.advanceTimersByTimeAsync(1000);
    expect(wizard.faultAt(['task', 'seed'])).toBe('Wrong: task.seed');
    expect(wizard.faultAt(['task'])).toBeUndefined();
    expect([wizard.hasFaultBelow(['detectors', '0']), wizard.hasFaultBelow(['detectors', '1'])]).toEqual([true, false]);
    expect(wizard.faultsOf('detectors')).toHaveLength(1);
    expect(wizard.faultsOf('review')).toHaveLength(2);
    expect([wizard.firstFaultyStep, wizard.measured]).toEqual(['task', null]);
    expect(wizard.unsuited('detector')).toEqual({ que: 'It needs untrusted data.' });
    faults = [];
    wizard.checkAgain();
    await vi.advanceTimersByTimeAsync(1000);
    expect([wizard.firstFaultyStep, wizard.measured?.totalMs]).toEqual([undefined, 1000]);
  });

  it('sets in the tasks what a detector needs, says so, and takes it back', async () => {
    const wizard = await opened();
    wizard.setTasks([...wizard.tasks, { data: 'other', task: { name: 'ood' } }], 0);
    const need = {
      message: '',
      lack: '',
      tasks: [1],
      mends: [{ path: ['trusted_fraction'], value: 0.8, label: 'Trusted fraction', written: '80 %' }],
    };
    wizard.mend('que', need);
    expect(wizard.tasks.map(({ task }) => task['trusted_fraction'])).toEqual([undefined, 0.8]);
    expect(wizard.mendedFor('que')?.words).toContain('“Trusted fraction” is now 80 %');
    // Once somebody has changed the tasks, there is nothing to take back.
    wizard.set(['task', 'seed'], 3);
    expect(wizard.mendedFor('que')).toBeUndefined();
    wizard.set(['task', 'seed'], undefined);
    wizard.undoMend('que');
    expect(wizard.tasks.map(({ task }) => task['trusted_fraction'])).toEqual([undefined, undefined]);
  });

  it('opens the task that a fault is of', async () => {
    const wizard = await opened();
    wizard.setTasks([...wizard.tasks, { data: 'other', task: { name: 'ood' } }], 0);
    expect([wizard.openPart(['task', 'seed']), wizard.openPart(['otherTasks', '1'])]).toEqual([false, true]);
    expect([wizard.openTask, wizard.draft?.task.name]).toEqual([1, 'ood']);
  });

  it('plans what makes an experiment, and nothing else', async () => {
    const wizard = await opened();
    await vi.advanceTimersByTimeAsync(1000);
    expect([asked.includes('drafts.plan'), wizard.planned]).toEqual([false, null]);
    wizard.setSeeds(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(wizard.planned?.seeds).toEqual([0, 1, 2]);
    expect(wizard.plannedTime).toMatchObject({ lowMs: 600, highMs: 900 });
    expect(wizard.sweepWords(['detectors', '0', 'k'], 2)).toBe('2 values make 1 detector, 3 cells.');
    wizard.setSeeds(1);
    expect(wizard.planned).toBeNull();
  });

  it('starts the runs, and comes back to what was set aside for them', async () => {
    const wizard = await opened();
    wizard.set(['tags'], ['mine']);
    wizard.beginWith(draftOf('short'));
    expect(await wizard.start()).toEqual({ kind: 'run', id: 'detector' });
    expect(stored).toMatchObject({ tags: ['mine'] });
    expect([wizard.isStarting, earlierDrafts.areThere]).toEqual([false, false]);
  });

  it('leads to the experiment where the draft asks for one', async () => {
    drafts.start = () => Promise.resolve({ ids: [], experiment: 'corner' });
    const wizard = await opened();
    expect(await wizard.start()).toEqual({ kind: 'experiment', id: 'corner' });
  });

  it('takes a number of seeds and a name, and leaves out what is as without them', async () => {
    const wizard = await opened();
    wizard.setSeeds(3);
    wizard.setName('Corners');
    expect([wizard.seeds, wizard.draft?.seeds, wizard.draft?.name]).toEqual([3, 3, 'Corners']);
    wizard.setSeeds(1);
    wizard.setName('');
    expect(wizard.seeds).toBe(1);
    expect(wizard.draft).not.toHaveProperty('seeds');
    expect(wizard.draft).not.toHaveProperty('name');
  });

  it.each([['many'], [0], [1.5], [1001], [undefined]])('is not gone on with while the seeds are %j', async (typed) => {
    const wizard = await opened();
    wizard.setSeeds(2);
    wizard.setSeeds(typed);
    expect([wizard.seeds, wizard.draft?.seeds]).toEqual([typed, 2]);
    expect(wizard.faultAt(['seeds'])).toMatch(/whole number from 1 to 1000/);
    wizard.set(['tags'], ['kept']);
    expect(wizard.firstFaultyStep).toBe('detectors');
    wizard.replace(draftOf('other'));
    expect([wizard.seeds, wizard.faultAt(['seeds'])]).toEqual([1, undefined]);
  });

  it('keeps the draft where the runs could not be started, and says why', async () => {
    drafts.start = () => Promise.reject(new CupbearerError('conflict', 'The folder is taken.'));
    const wizard = await opened();
    expect(await wizard.start()).toBeNull();
    expect([wizard.isStarting, wizard.draft?.task]).toEqual([false, { name: 'first' }]);
    expect(toasts.list.at(-1)?.message).toBe('The folder is taken.');
  });

  it('discards a draft, which can be had back', async () => {
    const wizard = await opened();
    wizard.replace(draftOf('mine'));
    wizard.reach('review');
    await wizard.discard();
    expect([stored, wizard.draft?.task, wizard.reached]).toEqual([null, { name: 'first' }, 0]);
    await toasts.list.at(-1)?.action?.run();
    expect(wizard.draft?.task).toEqual({ name: 'mine' });
  });
});

describe('earlier drafts', () => {
  it('are taken the last first, and the one that is left stands behind all', () => {
    earlierDrafts.begin(draftOf('begun'), draftOf('a'));
    earlierDrafts.begin(draftOf('begun'), draftOf('b'));
    expect(earlierDrafts.take(draftOf('c'))?.task.name).toBe('b');
    expect(earlierDrafts.take(null)?.task.name).toBe('a');
    expect(earlierDrafts.take(null)?.task.name).toBe('c');
    expect(earlierDrafts.take(null)).toBeNull();
  });

  it('are twenty at most, and stored in this window', () => {
    for (let k = 0; k < 25; k++) earlierDrafts.begin(draftOf('begun'), draftOf(`draft ${k}`));
    const kept = JSON.parse(localStorage.getItem('cupbearer:earlier-drafts')!) as { drafts: ExperimentDraft[] };
    expect(kept.drafts.map(({ task }) => task.name)).toEqual(Array.from({ length: 20 }, (_, k) => `draft ${24 - k}`));
    expect(earlierDrafts.isUntouched(draftOf('begun'))).toBe(true);
    expect(earlierDrafts.isUntouched(draftOf('begun', ['mine']))).toBe(false);
  });
});
