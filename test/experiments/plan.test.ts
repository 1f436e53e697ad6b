import { describe, expect, it } from 'vitest';
import { planOfCells } from '../../main/experiments/part-of-plan.ts';
import { planExperiment, specOf, type ExperimentPlan, type PlanSource } from '../../main/experiments/plan.ts';
import { suites } from '../../main/experiments/suites/index.ts';
import { experimentSpecSchema, type ExperimentSpecInput } from '../../shared/domain/experiment.ts';

const source: Omit<PlanSource, 'spec'> = {
  dataDir: '/data',
  workingDir: '/work',
  version: '1',
  runFolders: {},
  mostCells: 10_000,
};

const corner = { train_data: { name: 'backdoor', original: { name: 'glyphs' }, backdoor: { name: 'corner' } } };
const small = {
  name: 'Small',
  seeds: 2,
  training: { num_epochs: 1 },
  tasks: [{ name: 'backdoor', classifier: corner }],
  detectors: ['mahalanobis', { name: 'knn', k: 5 }],
} satisfies ExperimentSpecInput;

const plan = (changes: Partial<ExperimentSpecInput> = {}, other: Partial<PlanSource> = {}): ExperimentPlan =>
  planExperiment({ ...source, ...other, spec: experimentSpecSchema.parse({ ...small, ...changes }) });

const kinds = ({ runs }: ExperimentPlan) => [...runs.values()].map(({ kind }) => kind);

describe('planExperiment', () => {
  it('needs every classifier once, and before what builds on it', () => {
    const { runs, cells, columns, rows } = plan();
    expect(kinds({ runs } as ExperimentPlan).filter((kind) => kind === 'classifier')).toHaveLength(2);
    expect(runs.size).toBe(6);
    expect(cells).toHaveLength(4);
    expect(columns.map(({ label }) => label)).toEqual(['Corner pixel']);
    expect(rows.map(({ label }) => label)).toEqual(['mahalanobis', 'knn']);
    const seen = new Set<string>();
    for (const { key, needs } of runs.values()) {
      for (const need of needs) expect(seen).toContain(need);
      seen.add(key);
    }
  });

  it('gives a seed to all parts of a run', () => {
    for (const run of plan().runs.values()) {
      const spec = specOf(run, (key) => `/runs/${key}`);
      if (spec.kind === 'classifier') expect(spec.params.seed).toBe(run.seed);
      else if (spec.kind === 'detector') {
        expect([spec.params.seed, spec.params.task['seed']]).toEqual([run.seed, run.seed]);
        expect(spec.params.task.run_path).toBe(`/runs/${run.needs[0]}`);
      }
    }
  });

  it('shares classifiers between tasks that ask for the same', () => {
    const { runs } = plan({
      tasks: [
        { name: 'backdoor', classifier: corner },
        { name: 'ood', classifier: corner },
      ],
    });
    expect(kinds({ runs } as ExperimentPlan).filter((kind) => kind === 'classifier')).toHaveLength(2);
  });

  it('knows cells by what they compute: neither names nor defaults that are written out change that', () => {
    const keys = (changes: Partial<ExperimentSpecInput>, other?: Partial<PlanSource>) =>
      [...plan(changes, other).runs.keys()].sort();
    const before = keys({});
    expect(keys({ name: 'Other', question: 'Why?' })).toEqual(before);
    expect(keys({ tasks: [{ name: 'backdoor', classifier: corner, label: 'Mine' }] })).toEqual(before);
    expect(keys({ evaluation: { batch_size: 1000 } })).toEqual(before);
    const differs = (other: string[]) => expect(other.filter((key) => before.includes(key)));
    differs(keys({ training: { num_epochs: 2 } })).toEqual([]);
    differs(keys({}, { dataDir: '/elsewhere' })).toEqual([]);
    differs(keys({}, { version: '2' })).toEqual([]);
    differs(keys({ engine: 'cpu' })).toEqual([]);
  });

  it('adds only what is new for another detector and another seed', () => {
    const before = new Set(plan().runs.keys());
    const added = (changes: Partial<ExperimentSpecInput>) =>
      [...plan(changes).runs.values()].filter(({ key }) => !before.has(key)).map(({ kind }) => kind);
    expect(added({ detectors: [...small.detectors, 'lof'] })).toEqual(['detector', 'detector']);
    expect(added({ seeds: 3 }).sort()).toEqual(['classifier', 'detector', 'detector']);
  });

  it('sweeps over parameters of tasks, classifiers and detectors', () => {
    const { columns, rows, runs } = plan({
      seeds: 1,
      sweep: {
        'task.classifier.train_data.backdoor.p_backdoor': [0.05, 0.1],
        'detector.k': [3, 7],
      },
    });
    expect(columns.map(({ label }) => label)).toEqual(['Corner pixel 0.05', 'Corner pixel 0.1']);
    // A detector without the parameter stays one.
    expect(rows.map(({ label }) => label)).toEqual(['mahalanobis', 'knn 3', 'knn 7']);
    const shares = [...runs.values()]
      .filter(({ kind }) => kind === 'classifier')
      .map(({ params }) => (params['train_data'] as { backdoor: { p_backdoor: number } }).backdoor.p_backdoor);
    expect(shares).toEqual([0.05, 0.1]);
  });

  it('crosses tasks with architectures', () => {
    const { columns } = plan({
      seeds: 1,
      classifiers: [{ model: 'mlp' }, { label: 'Wide', model: { name: 'mlp', hidden_dims: [512] } }],
    });
    expect(columns.map(({ label }) => label)).toEqual(['Corner pixel, mlp', 'Corner pixel, Wide']);
  });

  it('says cell by cell what a detector lacks, and needs nothing for it', () => {
    const { cells, runs } = plan({ detectors: ['mahalanobis', 'spectral'] });
    const impossible = cells.filter(({ row }) => row === 1);
    for (const { key, impossible: why } of impossible) {
      expect(key).toBeNull();
      expect(why).toContain('needs untrusted data');
    }
    expect(runs.size).toBe(4);
  });

  describe('tasks that take the detectors fitted on another', () => {
    const noise = { name: 'backdoor', label: 'Noise', backdoor: { name: 'noise' }, fitted_on: 'Corner' };
    const tasks = [noise, { name: 'backdoor', label: 'Corner', classifier: corner }];

    it('evaluates on the classifier of that task, and fits nothing', () => {
      const { runs, columns, cells } = plan({ tasks });
      expect(columns.map(({ label }) => label)).toEqual(['Noise', 'Corner']);
      expect(columns[0]!.classifiers).toEqual(columns[1]!.classifiers);
      expect(kinds({ runs } as ExperimentPlan).toSorted()).toEqual([
        ...Array<string>(2).fill('classifier'),
        ...Array<string>(4).fill('detector'),
        ...Array<string>(4).fill('evaluation'),
      ]);
      for (const { row, seed, key } of cells.filter(({ column }) => column === 0)) {
        const run = runs.get(key!)!;
        const fitted = cells.find((cell) => cell.column === 1 && cell.row === row && cell.seed === seed);
        const spec = specOf(run, (need) => `/runs/${need}`);
        expect(spec.kind === 'evaluation' && spec.params.detector['path']).toBe(`/runs/${fitted!.key}`);
        expect(spec.params).toMatchObject({ seed, task: { seed, backdoor: { name: 'noise' } } });
        expect(run.needs).toContain(fitted!.key);
      }
    });

    it('goes along with what is swept there, and has sweeps of its own', () => {
      const { columns } = plan({
        tasks,
        seeds: 1,
        sweep: {
          'task.classifier.train_data.backdoor.p_backdoor': [0.05, 0.1],
          'task.max_test_size': [100, 200],
          'tasks.Noise.backdoor.std': [0.2, 0.3],
        },
      });
      const labels = columns.map(({ label }) => label);
      expect(labels).toHaveLength(12);
      expect(labels).toContain('Noise 0.05 100 0.3');
      expect(labels).not.toContain('Noise 0.05 100 100 0.3');
    });

    it('leaves out what could not be fitted', () => {
      const { cells } = plan({ tasks, detectors: ['spectral'] });
      expect(cells).toHaveLength(4);
      for (const { impossible } of cells) expect(impossible).toContain('needs untrusted data');
    });

    it.each([
      ['no task', { ...noise, fitted_on: 'Coner' }, 'fitted_on names none of the tasks: Noise, Corner'],
      ['itself', { ...noise, fitted_on: 'Noise' }, 'no detectors are fitted on "Noise"'],
      ['one, and a classifier', { ...noise, classifier: corner }, 'take "classifier" out'],
    ])('refuses one that names %s', (_, task, message) => {
      expect(() => plan({ tasks: [task, tasks[1]!] })).toThrow(message);
    });
  });

  it('trains what other parts name once a seed', () => {
    const { runs } = plan({
      prerequisites: { clean: { train_data: 'glyphs' } },
      tasks: [
        {
          name: 'backdoor',
          classifier: {
            train_data: {
              name: 'backdoor',
              original: 'glyphs',
              backdoor: { name: 'label-consistent', run_path: '$clean' },
            },
          },
        },
      ],
    });
    const trainings = [...runs.values()].filter(({ kind }) => kind === 'classifier');
    expect(trainings.map(({ label, needs }) => [label, needs.length])).toEqual([
      ['clean', 0],
      ['Label-consistent', 1],
      ['clean', 0],
      ['Label-consistent', 1],
    ]);
    const spec = specOf(trainings[1]!, (key) => `/runs/${key}`);
    expect(JSON.stringify(spec.params)).toContain(`/runs/${trainings[0]!.key}`);
  });

  it.each<[string, Partial<ExperimentSpecInput>, string]>([
    ['a task', { tasks: ['nonsense'] }, 'nonsense'],
    ['a detector', { detectors: ['mahalanobi'] }, 'Did you mean "mahalanobis"?'],
    ['a parameter', { detectors: [{ name: 'knn', kk: 3 }] }, 'detectors.knn has no parameter "kk"'],
    ['a value', { training: { num_epochs: 0 } }, 'num_epochs must be at least 1'],
    [
      'a prerequisite',
      {
        tasks: [
          {
            name: 'backdoor',
            classifier: {
              train_data: {
                name: 'backdoor',
                original: 'glyphs',
                backdoor: { name: 'label-consistent', run_path: '$no' },
              },
            },
          },
        ],
      },
      '"$no" names no classifier',
    ],
    ['a swept parameter', { sweep: { 'detector.nothing': [1] } }, 'nothing in this experiment has: "nothing"'],
    [
      'a task that does not go with its classifier',
      { tasks: [{ name: 'backdoor', classifier: { train_data: 'glyphs' } }] },
      'tasks.Backdoor detection: ',
    ],
  ])('refuses %s that is not known or does not fit', (_, changes, message) => {
    expect(() => plan(changes)).toThrow(message);
  });

  it('refuses a million cells before it makes one', () => {
    const values = Array.from({ length: 1000 }, (_, i) => i + 1);
    expect(() => plan({ sweep: { 'detector.k': values, 'task.max_test_size': values } })).toThrow('cells');
  });

  it.each([...suites])('plans the suite %s: nothing but overlays of images is impossible', (_, spec) => {
    const { cells, rows, columns, runs } = planExperiment({ ...source, spec });
    const impossible = cells.filter((cell) => cell.impossible !== null);
    for (const { row, column } of impossible) {
      expect(rows[row]!.detector).toBe('strip');
      expect(['Toy features', 'Quirky arithmetic']).toContain(columns[column]!.label);
    }
    for (const run of runs.values()) specOf(run, (key) => `/runs/${key}`);
  });
});

describe('planOfCells', () => {
  it('has the runs of these cells alone, and those that they build on', () => {
    const whole = plan();
    const part = planOfCells(whole, [{ detector: 'knn', task: 'Corner pixel' }]);
    expect([...part.runs.values()].map(({ method, seed }) => `${method} ${seed}`).sort()).toEqual([
      'classifier 0',
      'classifier 1',
      'knn 0',
      'knn 1',
    ]);
    expect(part.cells).toEqual(whole.cells.filter(({ row }) => row === 1));
    for (const [key, run] of part.runs) expect(run).toBe(whole.runs.get(key));
  });

  it('refuses a cell that is not there, naming those that are', () => {
    expect(() => planOfCells(plan(), [{ detector: 'kn', task: 'Corner pixel' }])).toThrow('Did you mean "knn"');
    expect(() => planOfCells(plan(), [{ detector: 'knn', task: 'Noise' }])).toThrow('Unknown task "Noise"');
  });
});

describe('swept axes', () => {
  it('have the label of the parameter wherever it is, and the scale that the sweep says', () => {
    const { axes, rows, columns } = plan({
      sweep: {
        'task.classifier.train_data.backdoor.p_backdoor': { from: 0.01, to: 0.1, steps: 2, scale: 'log' },
        'task.max_test_size': [100, 200],
        'detectors.knn.k': [1, 3, 100],
        'detectors.knn.layer_aggregation': ['mean', 'max'],
        'evaluation.batch_size': [64],
      },
    });
    expect(axes.map(({ scale }) => scale)).toEqual(['log', 'linear', 'linear', 'log', 'choice']);
    expect(Object.fromEntries(axes.map(({ path, label }) => [path.split('.').at(-1), label]))).toEqual({
      p_backdoor: 'Poisoned share',
      max_test_size: 'Test samples, at most',
      k: 'k',
      layer_aggregation: 'Combine layers by',
      batch_size: 'Batch size',
    });
    expect(new Set(columns.map(({ base }) => base))).toEqual(new Set(['Corner pixel']));
    expect(rows.map(({ base, aggregation }) => `${base} ${aggregation}`)).toEqual([
      'mahalanobis mean',
      ...['mean', 'max', 'mean', 'max', 'mean', 'max'].map((how) => `knn ${how}`),
    ]);
  });
});
