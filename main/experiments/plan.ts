import { resolve } from 'node:path';
import { unknownName, type Definition, type Registry } from '../../shared/definition.ts';
import { seedsOf, type ExperimentSpec } from '../../shared/domain/experiment.ts';
import { CupbearerError, toErrorRecord } from '../../shared/errors.ts';
import { formatParameter } from '../../shared/format.ts';
import { asPicked, type Picked } from '../../shared/schema/fields.ts';
import { slug } from '../../shared/slug.ts';
import { inFlags } from '../../shared/wording.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import { datasetFacts } from '../data/datasets/load.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { NetworkOutline, specFor } from '../models/network-outline.ts';
import { checkTraining } from '../runs/classifier-spec.ts';
import { parseSpec, runDefinitionOf } from '../runs/index.ts';
import { pairingMisfits } from '../runs/pairing.ts';
import type { ParsedSpec } from '../runs/parsed-spec.ts';
import { withPaths } from '../runs/paths.ts';
import { hashJson } from '../storage/content-hash.ts';
import { describeClassifier, type KnownClassifier } from '../tasks/classifier.ts';
import { taskRegistry } from '../tasks/index.ts';
import { taskMisfits, taskOffers } from '../tasks/outline.ts';
import { taskTitle } from '../runs/task-title.ts';
import { distinct } from '../runs/labels.ts';
import {
  axesOf,
  checkCellCount,
  pointCount,
  sweepPoints,
  withValueAt,
  type PartAxis,
  type SweepPoint,
} from './sweep.ts';

/** All that a plan depends on. Travels between processes. */
export interface PlanSource {
  spec: ExperimentSpec;
  /** Where datasets are, absolute: the same words mean other data elsewhere. */
  dataDir: string;
  /** What relative paths in the spec count from. */
  workingDir: string;
  /** What all results depend on besides the spec: the version of the program. */
  version: string;
  /** Folders of the runs that the spec names, by the ids as it has them. */
  runFolders: Readonly<Record<string, string>>;
  /** More cells than these are refused. */
  mostCells: number;
}

/** A run that an experiment needs. */
export interface PlannedRun {
  /** Names all that its result depends on: two runs with the same key have the same result. */
  key: string;
  kind: 'classifier' | 'detector';
  seed: number;
  /** "Corner", or "mahalanobis on Corner". */
  label: string;
  /** The label of its detector; `classifier` for a training. Runs of one method take about the same time on whatever they are. */
  method: string;
  /** Its folder below that of the experiment, with `/`; ends with the key's beginning. */
  place: string;
  /** Keys of the runs that it builds on. */
  needs: readonly string[];
  /** Its spec. Folders of runs that it builds on are {@link placeholder}s. */
  params: Readonly<Record<string, unknown>>;
}

/** A task on a classifier: a column of the matrix. */
export interface PlannedColumn {
  label: string;
  /** Values of the swept parameters. */
  point: SweepPoint;
  /** Keys of the classifiers, one a seed. */
  classifiers: readonly string[];
}

/** A detector with its parameters: a row of the matrix. */
export interface PlannedRow {
  label: string;
  point: SweepPoint;
  /** Its id. */
  detector: string;
  /** What it learns from, in words. */
  sees: string;
  isSkyline: boolean;
}

/** A detector on a task with a seed. */
interface PlannedCell {
  row: number;
  column: number;
  seed: number;
  /** The run that fills it; null where it cannot be done. */
  key: string | null;
  /** Why it cannot be done. */
  impossible: string | null;
}

/** All that an experiment needs, before anything is done. */
export interface ExperimentPlan {
  seeds: readonly number[];
  columns: readonly PlannedColumn[];
  rows: readonly PlannedRow[];
  cells: readonly PlannedCell[];
  /** By key; what a run builds on comes before it. */
  runs: ReadonlyMap<string, PlannedRun>;
  /** Folders of runs that were there before, by key. */
  given: ReadonlyMap<string, string>;
}

/** Characters of a hash that tell the runs of a person apart, and that a folder's name has room for. */
const keyCharacters = 16;

/** Stands for the folder of a run in the spec of another one, until there is one. */
function placeholder(key: string): string {
  return resolve('/', key);
}

/** The spec of a run with the folders of those that it builds on. @throws CupbearerError `usage`. */
export function specOf({ kind, params, needs }: PlannedRun, folderOf: (key: string) => string): ParsedSpec {
  const folders = new Map(needs.map((key) => [placeholder(key), folderOf(key)]));
  return parseSpec(
    kind,
    withPaths(runDefinitionOf(kind).params, params, (path) => folders.get(path) ?? path),
  );
}

/**
 * Plans an experiment: its cells, and each run that they need once. Nothing is loaded or written.
 * @throws CupbearerError `usage` for parameters that are not valid, a task that does not go with its classifier, and more
 * cells than `mostCells`; what a single detector lacks of a task is said in its cells.
 */
export function planExperiment(source: PlanSource): ExperimentPlan {
  return new Planning(source).plan();
}

/** A task on one entry of the classifiers' axis. */
interface Column extends Omit<PlannedColumn, 'classifiers'> {
  task: Record<string, unknown>;
  classifier: { run: string } | { params: Record<string, unknown> };
  evaluation: Record<string, unknown>;
}

interface Row extends Pick<PlannedRow, 'label' | 'point'> {
  detector: Picked;
}

class Planning {
  readonly #spec: ExperimentSpec;
  readonly #context: PlanSource;
  readonly #seeds: readonly number[];
  readonly #runs = new Map<string, PlannedRun>();
  readonly #given = new Map<string, string>();

  constructor(source: PlanSource) {
    this.#spec = source.spec;
    this.#context = source;
    this.#seeds = seedsOf(source.spec);
  }

  plan(): ExperimentPlan {
    const { tasks, detectors, classifiers, sweep, random } = this.#spec;
    for (const { name } of tasks) refuseUnknown(taskRegistry, name);
    for (const { name } of detectors) refuseUnknown(detectorRegistry, name);
    const taskLabels = distinct(tasks.map((task) => task.label ?? this.#taskTitle(task)));
    const detectorLabels = distinct(detectors.map(({ label, name }) => label ?? name));
    const axes = axesOf(sweep, { tasks: taskLabels, detectors: detectorLabels });
    checkAxes(axes.tasks, axes.detectors, this.#spec);
    const ofTask = tasks.map(({ name }, i) => axes.tasks.filter((axis) => changesTask(axis, taskLabels[i]!, name)));
    const ofDetector = detectors.map(({ name }, i) =>
      axes.detectors.filter((axis) => changesDetector(axis, detectorLabels[i]!, name)),
    );
    const count = (lists: PartAxis[][]) => lists.reduce((sum, list) => sum + pointCount(list, random), 0);
    checkCellCount(
      count(ofTask) * classifiers.length * count(ofDetector) * this.#seeds.length,
      this.#context.mostCells,
    );
    const rows = this.#rows(detectorLabels, ofDetector);
    const columns = this.#columns(taskLabels, ofTask);
    const cells: PlannedCell[] = [];
    const plannedColumns = columns.map((column, c) => this.#column(column, c, rows, cells));
    return {
      seeds: this.#seeds,
      columns: plannedColumns,
      rows: rows.map(({ label, point, detector }) => ({ label, point, ...wordsOf(detector.name) })),
      cells: cells.sort((a, b) => a.row - b.row || a.column - b.column),
      runs: this.#runs,
      given: this.#given,
    };
  }

  #taskTitle({ classifier, ...task }: ExperimentSpec['tasks'][number]): string {
    return taskTitle(task, { ...this.#spec.training, ...classifier }['train_data']);
  }

  #rows(labels: readonly string[], axes: readonly PartAxis[][]): Row[] {
    const { detectors, random } = this.#spec;
    const rows = detectors.flatMap(({ label: _, ...detector }, i) =>
      sweepPoints(axes[i]!, random).map((point): Row => ({
        label: [labels[i]!, ...pointWords(point)].join(' '),
        point,
        detector: applied(detector, axes[i]!, point) as Picked,
      })),
    );
    return withDistinctLabels(rows);
  }

  #columns(labels: readonly string[], axes: readonly PartAxis[][]): Column[] {
    const { tasks, classifiers, training, random, evaluation } = this.#spec;
    const columns = tasks.flatMap(({ label: _, classifier: own = {}, ...task }, i) =>
      classifiers.flatMap(({ label: name, run, ...params }, c) => {
        const variant = classifiers.length === 1 ? [] : [name ?? run ?? classifierWords(params, c)];
        const base = { ...task, classifier: { ...training, ...params, ...own }, evaluation };
        return sweepPoints(axes[i]!, random).map((point): Column => {
          const { classifier, evaluation: settings, ...rest } = applied(base, axes[i]!, point);
          return {
            label: [[labels[i]!, ...variant].join(', '), ...pointWords(point)].join(' '),
            point,
            task: rest,
            classifier: run === undefined ? { params: classifier as Record<string, unknown> } : { run },
            evaluation: settings as Record<string, unknown>,
          };
        });
      }),
    );
    return withDistinctLabels(columns);
  }

  #column(column: Column, index: number, rows: readonly Row[], cells: PlannedCell[]): PlannedColumn {
    const keys = this.#seeds.map((seed) => this.#classifier(column, seed));
    // Neither what is possible nor what goes together depends on the seed.
    const known = this.#known(column, keys[0]!);
    const offered = this.#checkedTask(column, keys[0]!, known);
    for (const [row, { label, detector }] of rows.entries()) {
      const { params } = this.#parsed('detector', { detector }, `detectors.${label}`, ['detector']);
      const [misfit] = pairingMisfits(params.detector, { offers: offered, network: known.network });
      const impossible = misfit
        ? [misfit.message, misfit.hint && inFlags(misfit.hint)].filter(Boolean).join(' ')
        : null;
      for (const [i, seed] of this.#seeds.entries()) {
        const key = impossible === null ? this.#detector(column, keys[i]!, label, detector, seed) : null;
        cells.push({ row, column: index, seed, key, impossible });
      }
    }
    return { label: column.label, point: column.point, classifiers: keys };
  }

  /** The classifier of a column with a seed. */
  #classifier({ label, classifier }: Column, seed: number): string {
    if ('run' in classifier) return this.#givenRun(classifier.run);
    return this.#training(classifier.params, seed, label, `tasks.${label}.classifier`);
  }

  #givenRun(id: string): string {
    const key = `run-${id}`;
    if (!this.#given.has(key)) this.#given.set(key, this.#context.runFolders[id]!);
    return key;
  }

  #training(params: Readonly<Record<string, unknown>>, seed: number, label: string, part: string): string {
    const needs = new Set<string>();
    const { params: parsed } = this.#parsed('classifier', { seed, ...params }, part, [], (path) =>
      this.#resolved(path, seed, needs),
    );
    naming(part, () => checkTraining(parsed, this.#context.dataDir));
    return this.#add('classifier', parsed, {
      seed,
      label,
      method: 'classifier',
      folder: 'classifiers',
      needs: [...needs],
    });
  }

  #detector(column: Column, classifier: string, label: string, detector: Picked, seed: number): string {
    const needs = new Set([classifier]);
    const { params } = this.#parsed(
      'detector',
      {
        seed,
        ...column.evaluation,
        detector,
        task: { seed, ...column.task, run_path: placeholder(classifier) },
      },
      `tasks.${column.label}`,
      ['task'],
      (path) => this.#resolved(path, seed, needs),
    );
    return this.#add('detector', params, {
      seed,
      label: `${label} on ${column.label}`,
      method: label,
      folder: slug(column.label, 40) || 'task',
      needs: [...needs],
    });
  }

  /** A path of the spec: that of a classifier which the experiment trains, or one that counts from the working folder. */
  #resolved(path: string, seed: number, needs: Set<string>): string {
    if (!path.startsWith('$')) return resolve(this.#context.workingDir, path);
    const name = path.slice(1);
    const { prerequisites } = this.#spec;
    if (!Object.hasOwn(prerequisites, name)) {
      const known = Object.keys(prerequisites);
      throw new CupbearerError(
        'usage',
        `"${path}" names no classifier among the prerequisites${known.length > 0 ? `: ${known.join(', ')}` : ''}.`,
      );
    }
    const key = this.#training({ ...this.#spec.training, ...prerequisites[name] }, seed, name, `prerequisites.${name}`);
    needs.add(key);
    return placeholder(key);
  }

  #add(
    kind: PlannedRun['kind'],
    params: Readonly<Record<string, unknown>>,
    { folder, ...run }: Pick<PlannedRun, 'seed' | 'label' | 'method' | 'needs'> & { folder: string },
  ): string {
    const { engine } = this.#spec;
    const { version, dataDir } = this.#context;
    const key = hashJson({ version, engine, dataDir, kind, params }).slice(0, keyCharacters);
    const name = slug(kind === 'classifier' ? run.label : run.method, 40) || kind;
    const place = `${folder}/${name}-seed-${run.seed}-${key}`;
    if (!this.#runs.has(key)) this.#runs.set(key, { key, kind, place, params, ...run });
    return key;
  }

  /** What is known of the classifier of a column before it is trained. */
  #known({ label, classifier }: Column, key: string): KnownClassifier {
    if ('run' in classifier) return describeClassifier(this.#given.get(key)!);
    const params = this.#runs.get(key)!.params as ParsedSpec<'classifier'>['params'];
    return naming(`tasks.${label}`, () => {
      const { original, trigger } = trainingData(params.train_data);
      return {
        folder: placeholder(key),
        originalData: original,
        ...(trigger ? { trigger: { spec: trigger, seed: params.seed } } : {}),
        network: new NetworkOutline(specFor(params.model, datasetFacts(original, this.#context.dataDir))),
      };
    });
  }

  /** What the task of a column offers, after it was found to go with its classifier. @throws CupbearerError `usage`. */
  #checkedTask({ label, task }: Column, classifier: string, known: KnownClassifier) {
    const { params } = this.#parsed(
      'detector',
      { task: { ...task, run_path: placeholder(classifier) } },
      `tasks.${label}`,
      ['task'],
      (path) => (path.startsWith('$') ? placeholder(path.slice(1)) : resolve(this.#context.workingDir, path)),
    );
    const [misfit] = taskMisfits(params.task, known, this.#context.dataDir);
    if (!misfit) return taskOffers(params.task);
    throw new CupbearerError(misfit.code ?? 'usage', `tasks.${label}: ${misfit.message}`, {
      ...(misfit.hint === undefined ? {} : { hint: inFlags(misfit.hint) }),
    });
  }

  /** Parses the params of a run; faults are named by the part of the spec, without the keys `dropped` before its own. */
  #parsed<K extends PlannedRun['kind']>(
    kind: K,
    params: Record<string, unknown>,
    part: string,
    dropped: readonly string[],
    path: (path: string) => string = (path) => path,
  ): ParsedSpec<K> {
    const schema = runDefinitionOf(kind).params;
    const name = (keys: readonly PropertyKey[]) =>
      [part, ...(keys[0] === dropped[0] ? keys.slice(1) : keys).map(String)].join('.');
    const asked = kind === 'detector' && dropped[0] === 'detector' ? { ...params, task: anyTask } : params;
    return naming(part, () => parseSpec(kind, withPaths(schema, asked, path), { name }));
  }
}

/** Stands in where only a detector's parameters are looked at. */
const anyTask = { name: 'backdoor', run_path: placeholder('any') };

/** What a detector learns from, in words. */
function wordsOf(detector: string): Pick<PlannedRow, 'detector' | 'sees' | 'isSkyline'> {
  const { needs } = detectorRegistry.get(detector);
  const sees = needs.anomalyLabels
    ? 'skyline, sees labels'
    : needs.untrusted
      ? 'sees untrusted data'
      : needs.trusted
        ? 'trusted data only'
        : 'no data to learn from';
  return { detector, sees: needs.gradients ? `${sees}, gradients` : sees, isSkyline: needs.anomalyLabels === true };
}

/** A part with the values of a point. */
function applied(
  values: Readonly<Record<string, unknown>>,
  axes: readonly PartAxis[],
  point: SweepPoint,
): Record<string, unknown> {
  return axes.reduce<Record<string, unknown>>((part, { path, keys }) => withValueAt(part, keys, point[path]), {
    ...values,
  });
}

function pointWords(point: SweepPoint): string[] {
  return Object.values(point).map((value) => asPicked(value)?.name ?? formatParameter(value));
}

function classifierWords(params: Readonly<Record<string, unknown>>, index: number): string {
  const model = params['model'];
  return asPicked(model)?.name ?? (typeof model === 'string' ? model : `classifier ${index + 1}`);
}

function withDistinctLabels<T extends { label: string }>(parts: readonly T[]): T[] {
  const labels = distinct(parts.map(({ label }) => label));
  return parts.map((part, i) => ({ ...part, label: labels[i]! }));
}

function changesTask({ keys: [key = ''], only }: PartAxis, label: string, name: string): boolean {
  if (only !== undefined) return only === label;
  return key === 'classifier' || key === 'evaluation' || hasParameter(taskRegistry, name, key);
}

function changesDetector({ keys: [key = ''], only }: PartAxis, label: string, name: string): boolean {
  return only === undefined ? hasParameter(detectorRegistry, name, key) : only === label;
}

function hasParameter(
  registry: { get(id: string): { params: { shape: object } } },
  name: string,
  key: string,
): boolean {
  return Object.hasOwn(registry.get(name).params.shape, key);
}

/** @throws CupbearerError `usage` naming the nearest that is known. */
function refuseUnknown(registry: Registry<Definition>, name: string): void {
  if (!registry.has(name)) throw new CupbearerError('usage', unknownName(registry.kind, name, registry.ids));
}

/** @throws CupbearerError `usage` for a swept parameter that nothing in the experiment has. */
function checkAxes(ofTasks: readonly PartAxis[], ofDetectors: readonly PartAxis[], spec: ExperimentSpec): void {
  const unused =
    ofTasks.find((axis) => axis.only === undefined && !spec.tasks.some(({ name }) => changesTask(axis, '', name))) ??
    ofDetectors.find(
      (axis) => axis.only === undefined && !spec.detectors.some(({ name }) => changesDetector(axis, '', name)),
    );
  if (!unused) return;
  throw new CupbearerError(
    'usage',
    `The sweep's path "${unused.path}" names a parameter that nothing in this experiment has: "${unused.keys[0]}".`,
  );
}

/** Names the part of the spec in what is thrown about it. */
function naming<T>(part: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.message.includes(part)) throw error;
    const { code, hint } = toErrorRecord(error);
    throw new CupbearerError(code, `${part}: ${error.message}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}
