import { describe, expect, it } from 'vitest';
import { experimentOf } from '../../main/experiments/from-draft.ts';
import { suites } from '../../main/experiments/suites/index.ts';
import { draftOfExperiment } from '../../main/experiments/to-draft.ts';
import { draftSchema, type ExperimentDraft } from '../../shared/domain/draft.ts';
import { experimentSpecSchema, type ExperimentSpecInput } from '../../shared/domain/experiment.ts';
import { cellsOf, tasksOf, withClassifiers, withTasks } from '../../shared/draft-parts.ts';
import { watches } from '../../main/runs/drafts/draft-specs.ts';
import { tinyDraft } from '../e2e/drafts.ts';

const specOf = (draft: ExperimentDraft) => experimentOf(draft, { name: 'Made', runTitles: {} });
const spec = (more: Partial<ExperimentSpecInput>) =>
  experimentSpecSchema.parse({
    name: 'Mine',
    tasks: [{ name: 'backdoor', classifier: { train_data: 'glyphs' } }],
    detectors: ['knn'],
    ...more,
  });
const there = (more: Partial<ExperimentSpecInput>) => draftOfExperiment({ id: 'a', spec: spec(more) });

describe('a draft as an experiment', () => {
  it('has the training of all tasks once, and what each task asks of it beside the task', () => {
    const draft = withTasks(
      tinyDraft(),
      [...tasksOf(tinyDraft()), { data: 'glyphs', task: { name: 'ood', seed: 3 } }],
      1,
    );
    const { training, tasks, classifiers, seeds } = specOf({ ...draft, seeds: 3 });
    expect(training).toEqual({ model: { name: 'mlp', hidden_dims: [32, 32] }, num_epochs: 2, batch_size: 64 });
    expect(tasks.map(({ label, name }) => [label, name])).toEqual([
      ['Corner pixel', 'backdoor'],
      [expect.any(String), 'ood'],
    ]);
    expect(tasks.map(({ classifier }) => classifier)).toMatchObject([
      { train_data: { backdoor: { name: 'corner' } } },
      { train_data: 'glyphs' },
    ]);
    expect(tasks[1]).not.toHaveProperty('seed');
    expect([classifiers, seeds]).toEqual([[{}], 3]);
  });

  it('sweeps a parameter by its path, which names the one part that it is of', () => {
    const draft = tinyDraft({ detectors: ['knn', 'mahalanobis'] });
    if (draft.classifier.source === 'train') {
      draft.classifier.params['num_epochs'] = { sweep: [1, 2] };
      draft.classifier.params['train_data'] = {
        name: 'backdoor',
        original: 'glyphs',
        backdoor: { name: 'corner', p_backdoor: { sweep: [0.01, 0.1] } },
      };
    }
    draft.detectors[0] = { name: 'knn', k: { sweep: [3, 5, 7] } };
    draft.evaluation = { batch_size: { sweep: [100, 200] } };
    const { sweep, detectors, training, tasks, evaluation } = specOf(draft);
    expect(sweep).toEqual({
      'task.classifier.train_data.backdoor.p_backdoor': [0.01, 0.1],
      'task.classifier.num_epochs': [1, 2],
      'detectors.knn.k': [3, 5, 7],
      'evaluation.batch_size': [100, 200],
    });
    expect([detectors[0], evaluation, training['num_epochs']]).toEqual([{ name: 'knn' }, {}, undefined]);
    expect(tasks[0]?.classifier).toEqual({
      train_data: { name: 'backdoor', original: 'glyphs', backdoor: { name: 'corner' } },
    });
    expect(cellsOf(draft, watches)).toBe((3 + 1) * 2 * 2 * 2);
  });

  it('names detectors of one method by the values in which they differ', () => {
    const detectors = [{ name: 'knn', k: 3 }, { name: 'knn', k: 5 }, { name: 'knn', k: 5 }, { name: 'que' }];
    const labels = specOf({ ...tinyDraft(), detectors }).detectors.map(({ label }) => label);
    expect(labels).toEqual(['knn 3', 'knn 5', 'knn 5 (2)', undefined]);
  });

  it('names fitted detectors by their runs, and comes back from the spec as it was', () => {
    const fitted = [{ run: 'one' }, { run: 'two', label: 'Mine' }, { run: 'three' }];
    const runTitles = { one: 'knn', three: 'knn' };
    const { detectors } = experimentOf({ ...tinyDraft({ detectors: ['knn'] }), fitted }, { name: 'Made', runTitles });
    expect(detectors).toEqual([
      { name: 'knn' },
      { run: 'one', label: 'knn (2)' },
      { run: 'two', label: 'Mine' },
      { run: 'three', label: 'knn (3)' },
    ]);
    const again = draftOfExperiment({ id: 'a', spec: spec({ detectors }) });
    expect(again.detectors).toEqual([{ name: 'knn' }]);
    expect(again.fitted).toEqual(detectors.slice(1));
    expect(experimentOf(again, { name: 'Made', runTitles }).detectors).toEqual(detectors);
  });

  it('gives each detector the layers of all, unless it has its own or looks at none', () => {
    const layers = ['layers.linear_0.output'];
    const detectors = [{ name: 'knn' }, { name: 'que', layers: ['layers.linear_1.output'] }, { name: 'max-softmax' }];
    const draft = { ...tinyDraft(), detectors, layers };
    expect(specOf(draft).detectors.map((detector) => ('name' in detector ? detector['layers'] : null))).toEqual([
      layers,
      ['layers.linear_1.output'],
      undefined,
    ]);
    // Layers are of one network: with others beside it, each has its usual ones.
    const several = withClassifiers(
      draft,
      [
        { source: 'train', params: {} },
        { source: 'run', run: 'r' },
      ],
      0,
    );
    expect(specOf(several).detectors[0]).toEqual({ name: 'knn' });
  });

  it('has an entry for each classifier, and for each value of one that is swept', () => {
    const classifiers: Parameters<typeof withClassifiers>[1] = [
      { source: 'train', params: { model: { name: 'mlp', hidden_dims: [8] }, num_epochs: { sweep: [1, 2] } } },
      { source: 'run', run: 'trained' },
    ];
    const {
      classifiers: axis,
      training,
      sweep,
    } = experimentOf(withClassifiers(tinyDraft(), classifiers, 1), {
      name: 'Made',
      runTitles: { trained: 'cnn on glyphs' },
    });
    expect(axis.map(({ label }) => label)).toEqual(['mlp 1', 'mlp 2', 'cnn on glyphs']);
    expect(axis.map(({ num_epochs: epochs, run }) => [epochs, run])).toEqual([[1, undefined], [2, undefined], [undefined, 'trained']]); // prettier-ignore
    expect([training, sweep]).toEqual([{}, {}]);
  });
});

describe('an experiment as a draft', () => {
  it.each([...suites.keys()].filter((id) => id !== 'full'))(
    'comes back from the suite "%s" with the same cells',
    (id) => {
      const suite = suites.get(id)!;
      const draft = draftOfExperiment({ id, spec: suite });
      expect(draftSchema.parse(JSON.parse(JSON.stringify(draft)))).toEqual(draft);
      const again = experimentOf(draft, { name: '', runTitles: {}, base: suite });
      expect(again.tasks.map(({ label }) => label)).toEqual(suite.tasks.map(({ label }) => label));
      const whole = ({ tasks, training }: typeof suite) => tasks.map(({ label: _, ...task }) => ({ ...task, classifier: { ...training, ...task.classifier } })); // prettier-ignore
      expect(whole(again)).toEqual(whole(suite));
      expect([again.detectors, again.seeds, again.name, again.question]).toEqual([suite.detectors, suite.seeds, suite.name, suite.question]); // prettier-ignore
      expect(again.evaluation).toEqual(suite.evaluation);
    },
  );

  it('has swept parameters in their places, wherever the path leads', () => {
    const draft = there({
      sweep: {
        'detector.k': { from: 1, to: 5, steps: 3, whole: true },
        'task.trusted_fraction': [0.5, 1],
        'task.classifier.num_epochs': [1, 2],
        'evaluation.batch_size': [10, 20],
      },
    });
    expect(draft).toMatchObject({
      detectors: [{ name: 'knn', k: { sweep: [1, 3, 5] } }],
      task: { trusted_fraction: { sweep: [0.5, 1] } },
      classifier: { params: { num_epochs: { sweep: [1, 2] } } },
      evaluation: { batch_size: { sweep: [10, 20] } },
      extends: 'a',
    });
  });

  it.each([
    ['prerequisites, as the suite "full" has', { prerequisites: suites.get('full')!.prerequisites }],
    ['a random search', { random: { budget: 3 }, sweep: { 'detector.k': [1, 2] } }],
    ['a list of seeds', { seeds: [3, 7] }],
    ['a sweep over more than numbers', { sweep: { 'task.classifier.model': [{ name: 'mlp' }, { name: 'cnn' }] } }],
  ])('is refused with %s, and says what to do', (_, more) => {
    expect(() => there(more)).toThrow(/which the wizard cannot show/);
  });
});
