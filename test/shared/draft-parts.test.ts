import { describe, expect, it } from 'vitest';
import { draftSchema } from '../../shared/domain/draft.ts';
import {
  cellsOf,
  classifiersOf,
  isExperiment,
  openClassifierOf,
  openTaskOf,
  tasksOf,
  withClassifiers,
  withFirstValues,
  withoutSweeps,
  withTasks,
} from '../../shared/draft-parts.ts';
import { helpInFull, isInForce } from '../../shared/schema/in-force.ts';
import { tinyDraft } from '../e2e/drafts.ts';

const draft = tinyDraft();
const [own] = tasksOf(draft);
const other = { data: 'glyphs', task: { name: 'ood' } };
const all = () => true;
const run = { source: 'run' as const, run: 'r' };

describe('the tasks and classifiers of a draft', () => {
  it('are the one that it was, in a draft of before', () => {
    expect(draftSchema.parse(draft)).toEqual(draft);
    expect([tasksOf(draft).length, classifiersOf(draft).length, openTaskOf(draft)]).toEqual([1, 1, 0]);
    expect([isExperiment(draft, all), isExperiment({ ...draft, seeds: 2 }, all), isExperiment({ ...draft, extends: 'a' }, all)]).toEqual([false, true, true]); // prettier-ignore
  });

  it('keep their order and their values, whichever is open', () => {
    const two = withTasks(draft, [own!, other], 1);
    expect([two.task, openTaskOf(two)]).toEqual([{ name: 'ood' }, 1]);
    expect(two.classifier).toMatchObject({ params: { train_data: 'glyphs', num_epochs: 2 } });
    expect(tasksOf(two)).toEqual([own, other]);
    expect(tasksOf(withTasks(two, tasksOf(two), 0))).toEqual([own, other]);
    expect(withTasks(two, [own!], 0)).toEqual(draft);
    expect(cellsOf(two, all)).toBe(2);
  });

  it('count detectors that are fitted already, which make it an experiment', () => {
    const more = { ...draft, fitted: [{ run: 'a' }, { run: 'b' }] };
    expect([isExperiment(more, all), cellsOf(more, all)]).toEqual([true, draft.detectors.length + 2]);
    expect(cellsOf({ ...more, detectors: [] }, all)).toBe(2);
  });

  it('keep what tasks are trained on while a model of the catalogue is open', () => {
    const two = withTasks(draft, [own!, other], 0);
    const mixed = withClassifiers(two, [...classifiersOf(two), run], 1);
    expect([mixed.classifier, openClassifierOf(mixed)]).toEqual([run, 1]);
    expect(tasksOf(mixed)).toEqual([own, other]);
    const moved = withTasks(mixed, tasksOf(mixed), 1);
    expect(withClassifiers(moved, classifiersOf(moved), 0).classifier).toMatchObject({
      params: { train_data: 'glyphs' },
    });
    expect(withTasks(withClassifiers(moved, [classifiersOf(moved)[0]!], 0), [own!], 0)).toEqual(draft);
  });
});

describe('sweeps', () => {
  const values = { a: { sweep: [1, 2] }, b: [{ c: { sweep: ['x'] } }], d: { sweep: [], e: 1 } };

  it('have their first value, or are left out', () => {
    expect(withFirstValues(values)).toEqual({ a: 1, b: [{ c: 'x' }], d: { sweep: [], e: 1 } });
    expect(withoutSweeps(values)).toEqual({ b: [{}], d: { sweep: [], e: 1 } });
  });
});

describe('a parameter with a condition', () => {
  const field = { when: { coupling: 'sampled' } };
  const beside = [{ key: 'coupling', label: 'Coupling', default: 'gradient' }];

  it('is in force with the value given, by default, or among those of a sweep', () => {
    const isOn = (values: object) => isInForce(field, beside, { ...values });
    expect([isOn({}), isOn({ coupling: 'sampled' }), isOn({ coupling: 'gradient' })]).toEqual([false, true, false]);
    expect(isOn({ coupling: { sweep: ['gradient', 'sampled'] } })).toBe(true);
    expect(isInForce({}, beside, {})).toBe(true);
  });

  it('says so in help', () => {
    expect([helpInFull({ help: 'Draws', ...field }), helpInFull({ help: 'Draws' })]).toEqual([
      'Draws (only with coupling sampled)',
      'Draws',
    ]);
  });
});
