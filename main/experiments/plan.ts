import { resolve } from 'node:path';
import { seedsOf, type ExperimentSpec } from '../../shared/domain/experiment.ts';
import type { LayerAggregation } from '../../shared/domain/layer-aggregation.ts';
import type { SweptAxis } from '../../shared/domain/swept-axis.ts';
import { CupbearerError, toErrorRecord } from '../../shared/errors.ts';
import type { RunKind } from '../../shared/domain/run.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { given } from '../../shared/given.ts';
import type { PluginVersion } from '../../shared/plugin/manifest.ts';
import { slug } from '../../shared/slug.ts';
import { inFlags } from '../../shared/wording.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import { datasetFacts } from '../data/datasets/load.ts';
import type { PickedDetector } from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import type { SourceOutline } from '../models/activation-source.ts';
import { NetworkOutline, specFor } from '../models/network-outline.ts';
import { checkTraining } from '../runs/classifier-spec.ts';
import { detectorLayers, readDetectorSpec } from '../runs/detector-file.ts';
import { fittedDetectorFolder } from '../runs/fitted-detector.ts';
import { parseSpec, runDefinitionOf } from '../runs/index.ts';
import { pairingMisfits, type PairingView } from '../runs/pairing.ts';
import type { ParsedSpec } from '../runs/parsed-spec.ts';
import { withPaths } from '../runs/paths.ts';
import { hashJson } from '../storage/content-hash.ts';
import { describeClassifier, type KnownClassifier } from '../tasks/classifier.ts';
import { taskRegistry } from '../tasks/index.ts';
import type { PickedTask } from '../tasks/common-params.ts';
import { taskMisfits, taskOffers, watchesClassifier } from '../tasks/outline.ts';
import { taskTitle } from '../runs/task-title.ts';
import { distinct } from '../runs/labels.ts';
import {
  applied,
  changesDetector,
  changesTask,
  checkAxes,
  classifierWords,
  fittingTasks,
  pointWords,
  refuseUnknown,
  withDistinctLabels,
} from './plan-parts.ts';
import { sweptAxes } from './swept-axes.ts';
import { axesOf, checkCellCount, pointCount, sweepPoints, type PartAxis, type SweepPoint } from './sweep.ts';

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
  kind: RunKind;
  seed: number;
  /** "Corner", or "mahalanobis on Corner". */
  label: string;
  /** The label of its detector, with what is done with it; `classifier` for a training. Runs of one method take similar times. */
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
  /** The label that all points of the sweep share. */
  base: string;
  /** Values of the swept parameters. */
  point: SweepPoint;
  /** Keys of the classifiers, one a seed; none where it watches none. */
  classifiers: readonly string[];
  /** Whether its detectors were fitted on another task, which may have another attack. */
  takesFitted: boolean;
}

/** A detector with its parameters: a row of the matrix. */
export interface PlannedRow {
  label: string;
  /** The label that all points of the sweep share. */
  base: string;
  point: SweepPoint;
  /** Its id. */
  detector: string;
  /** What it learns from, in words. */
  sees: string;
  isSkyline: boolean;
  /** The plugin that adds it. */
  plugin?: PluginVersion | undefined;
  /** How it combines its layers. */
  aggregation: LayerAggregation;
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
  /** What is swept, in the order of the spec. */
  axes: readonly SweptAxis[];
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
 * Plans an experiment: its cells, and each run that they need once. Nothing is loaded or written. `recordedOf` tells
 * what was recorded for a task that brings its activations along; while that is unknown, a detector that does not suit it is not noticed.
 * @throws CupbearerError `usage` for parameters that are not valid, a task that does not go with its classifier, and more
 * cells than `mostCells`; what a single detector lacks of a task is said in its cells.
 */
export function planExperiment(source: PlanSource, recordedOf: RecordedOf = () => undefined): ExperimentPlan {
  return new Planning(source, recordedOf).plan();
}

/** Returns what was recorded for a task; undefined where that is not known. @throws CupbearerError for files that cannot be read. */
type RecordedOf = (task: PickedTask) => SourceOutline | undefined;

/** A task on one entry of the classifiers' axis. */
interface Column extends Omit<PlannedColumn, 'classifiers' | 'takesFitted'> {
  /** What tells it from the task's columns on other classifiers, in its label: ", mlp"; empty where there is one classifier. */
  variant: string;
  task: Record<string, unknown>;
  /** What it watches; null for a task that brings its activations along. */
  classifier: { run: string } | { params: Record<string, unknown> } | null;
  evaluation: Record<string, unknown>;
  /** Its detectors are those that were fitted on the column at this place; null where they are fitted on itself. */
  fittedOn: number | null;
}

/** A detector that is fitted in every cell, or one that a run has fitted. */
type RowDetector = { picked: Picked } | { run: string };

interface Row extends Pick<PlannedRow, 'label' | 'base' | 'point'> {
  detector: RowDetector;
}

class Planning {
  readonly #spec: ExperimentSpec;
  readonly #context: PlanSource;
  readonly #recordedOf: RecordedOf;
  readonly #seeds: readonly number[];
  readonly #runs = new Map<string, PlannedRun>();
  readonly #given = new Map<string, string>();

  constructor(source: PlanSource, recordedOf: RecordedOf) {
    this.#spec = source.spec;
    this.#context = source;
    this.#recordedOf = recordedOf;
    this.#seeds = seedsOf(source.spec);
  }

  plan(): ExperimentPlan {
    const { tasks, detectors, classifiers, sweep, random } = this.#spec;
    for (const { name } of tasks) refuseUnknown(taskRegistry, name);
    for (const detector of detectors) if ('name' in detector) refuseUnknown(detectorRegistry, detector.name);
    const taskLabels = distinct(tasks.map((task) => task.label ?? this.#taskTitle(task)));
    const detectorLabels = distinct(detectors.map((detector) => detector.label ?? this.#methodOf(detector)));
    const axes = axesOf(sweep, { tasks: taskLabels, detectors: detectorLabels });
    checkAxes(axes.tasks, axes.detectors, this.#spec);
    const sources = fittingTasks(tasks, taskLabels);
    const ofTask = tasks.map(({ name }, i) => axes.tasks.filter((axis) => changesTask(axis, taskLabels[i]!, name)));
    const ofDetector = detectors.map((detector, i) =>
      axes.detectors.filter((axis) => changesDetector(axis, detectorLabels[i]!, detector)),
    );
    const points = (list: PartAxis[]) => pointCount(list, random);
    const columnCounts = ofTask.map((own, i) => {
      const source = sources[i];
      return source === undefined ? points(own) : points(ofTask[source]!) * points(without(own, ofTask[source]!));
    });
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    const counted = columnCounts.map(
      (count, i) => count * (watchesClassifier(tasks[i]!.name) ? classifiers.length : 1),
    );
    checkCellCount(sum(counted) * sum(ofDetector.map(points)) * this.#seeds.length, this.#context.mostCells);
    const rows = this.#rows(detectorLabels, ofDetector);
    const columns = this.#columns(taskLabels, ofTask, sources);
    const cells: PlannedCell[] = [];
    const planned = new Map<Column, PlannedColumn>();
    // Those that detectors are fitted on come first: the others take theirs.
    for (const hasOwn of [true, false]) {
      for (const [c, column] of columns.entries()) {
        if ((column.fittedOn === null) === hasOwn) planned.set(column, this.#column(column, c, rows, cells));
      }
    }
    return {
      seeds: this.#seeds,
      axes: sweptAxes([...axes.tasks, ...axes.detectors], this.#runs.values()),
      columns: columns.map((column) => planned.get(column)!),
      rows: rows.map(({ detector, ...row }) => {
        const { name, layer_aggregation: aggregation } = this.#detectorParams(row.label, detector);
        return { ...row, ...wordsOf(name), aggregation };
      }),
      cells: cells.sort((a, b) => a.row - b.row || a.column - b.column),
      runs: this.#runs,
      given: this.#given,
    };
  }

  /** The id of a detector's method. */
  #methodOf(detector: ExperimentSpec['detectors'][number]): string {
    return 'name' in detector ? detector.name : readDetectorSpec(this.#fittedFolder(detector.run)).name;
  }

  #detectorParams(label: string, detector: RowDetector): PickedDetector {
    if ('run' in detector) return readDetectorSpec(this.#fittedFolder(detector.run));
    return this.#parsed('detector', { detector: detector.picked }, `detectors.${label}`, ['detector']).params.detector;
  }

  /** The folder of a run that has fitted a detector. @throws CupbearerError `not-found` where it has not. */
  #fittedFolder(run: string): string {
    return naming('detectors', () =>
      fittedDetectorFolder({ name: 'from_run', path: this.#given.get(this.#givenRun(run))! }),
    );
  }

  #taskTitle({ classifier, ...task }: ExperimentSpec['tasks'][number]): string {
    return taskTitle(task, { ...this.#spec.training, ...classifier }['train_data']);
  }

  #rows(labels: readonly string[], axes: readonly PartAxis[][]): Row[] {
    const { detectors, random } = this.#spec;
    const rows = detectors.flatMap((detector, i): Row[] => {
      const base = labels[i]!;
      if (!('name' in detector)) return [{ label: base, base, point: {}, detector: { run: detector.run } }];
      const { label: _, ...picked } = detector;
      return sweepPoints(axes[i]!, random).map((point) => ({
        label: [base, ...pointWords(point)].join(' '),
        base,
        point,
        detector: { picked: applied(picked, axes[i]!, point) as Picked },
      }));
    });
    return withDistinctLabels(rows);
  }

  #columns(labels: readonly string[], axes: readonly PartAxis[][], sources: readonly (number | undefined)[]): Column[] {
    const { tasks } = this.#spec;
    const fitting = tasks.map((_, i) =>
      sources[i] === undefined ? this.#fittingColumns(i, labels[i]!, axes[i]!) : [],
    );
    const origin = new Map<Column, Column>();
    const columns = tasks.flatMap((_, i) => {
      const source = sources[i];
      if (source === undefined) return fitting[i]!;
      return fitting[source]!.flatMap((from) =>
        this.#evaluatedColumns(i, labels[i]!, axes[i]!, axes[source]!, from).map((column) => {
          origin.set(column, from);
          return column;
        }),
      );
    });
    return withDistinctLabels(
      columns.map((column): Column => {
        const from = origin.get(column);
        return from ? { ...column, fittedOn: columns.indexOf(from) } : column;
      }),
    );
  }

  /** The columns of a task that detectors are fitted on: one a classifier and point. */
  #fittingColumns(task: number, label: string, axes: readonly PartAxis[]): Column[] {
    const { tasks, classifiers, training, random, evaluation } = this.#spec;
    const { label: _, classifier: own, fitted_on: __, ...params } = tasks[task]!;
    if (!watchesClassifier(params.name)) {
      if (own) throw new CupbearerError('usage', `tasks.${label}: it watches no classifier; take "classifier" out.`);
      return sweepPoints(axes, random).map((point): Column => {
        const { evaluation: settings, ...rest } = applied({ ...params, evaluation }, axes, point);
        return {
          label: [label, ...pointWords(point)].join(' '),
          base: label,
          variant: '',
          point,
          task: rest,
          classifier: null,
          evaluation: settings as Record<string, unknown>,
          fittedOn: null,
        };
      });
    }
    return classifiers.flatMap(({ label: name, run, ...model }, c) => {
      const variant = classifiers.length === 1 ? '' : `, ${name ?? run ?? classifierWords(model, c)}`;
      const base = { ...params, classifier: { ...training, ...model, ...own }, evaluation };
      return sweepPoints(axes, random).map((point): Column => {
        const { classifier, evaluation: settings, ...rest } = applied(base, axes, point);
        return {
          label: [label + variant, ...pointWords(point)].join(' '),
          base: label + variant,
          variant,
          point,
          task: rest,
          classifier: run === undefined ? { params: classifier as Record<string, unknown> } : { run },
          evaluation: settings as Record<string, unknown>,
          fittedOn: null,
        };
      });
    });
  }

  /**
   * The columns of a task that is scored by the detectors of column `from`. What is swept in both has the same value in both.
   */
  #evaluatedColumns(
    task: number,
    label: string,
    axes: readonly PartAxis[],
    sourceAxes: readonly PartAxis[],
    from: Column,
  ): Column[] {
    const { tasks, random, evaluation } = this.#spec;
    const { label: _, fitted_on: __, ...params } = tasks[task]!;
    const free = without(axes, sourceAxes);
    const shared = axes.filter((axis) => !free.includes(axis) && axis.keys[0] !== 'classifier');
    const base = applied({ ...params, evaluation }, shared, from.point);
    return sweepPoints(free, random).map((own): Column => {
      const { evaluation: settings, ...rest } = applied(base, free, own);
      const point = { ...from.point, ...own };
      return {
        label: [label + from.variant, ...pointWords(point)].join(' '),
        base: label + from.variant,
        variant: from.variant,
        point,
        task: rest,
        classifier: from.classifier,
        evaluation: settings as Record<string, unknown>,
        fittedOn: null,
      };
    });
  }

  #column(column: Column, index: number, rows: readonly Row[], cells: PlannedCell[]): PlannedColumn {
    const { label, base, point, classifier } = column;
    const keys = classifier ? this.#seeds.map((seed) => this.#classifier({ label, classifier }, seed)) : [];
    // Neither what is possible nor what goes together depends on the seed.
    const view = this.#viewOf(column, keys[0]);
    const fitted = column.fittedOn === null ? null : cellsOf(cells, column.fittedOn);
    for (const [row, detector] of rows.entries()) {
      const keyOf = this.#filling(column, keys, detector, fitted?.(row), view);
      const impossible = typeof keyOf === 'string' ? keyOf : null;
      for (const [i, seed] of this.#seeds.entries()) {
        cells.push({ row, column: index, seed, key: typeof keyOf === 'string' ? null : keyOf(i), impossible });
      }
    }
    return { label, base, point, classifiers: keys, takesFitted: column.fittedOn !== null };
  }

  /**
   * Which runs fill the cells of a detector on a task, by the place of the seed; in their stead, why none can. `fitted` are the
   * cells whose detectors are taken, where that of the row is fitted on another task.
   */
  #filling(
    column: Column,
    classifiers: readonly string[],
    { label, detector }: Row,
    fitted: readonly PlannedCell[] | undefined,
    view: Required<PairingView>,
  ): string | ((i: number) => string) {
    const evaluated = (run: string, i: number) => this.#evaluation(column, classifiers[i], run, label, this.#seeds[i]!);
    if ('run' in detector) {
      return this.#unknownLayer(detector.run, view) ?? ((i) => evaluated(this.#givenRun(detector.run), i));
    }
    if (fitted) return fitted[0]?.impossible ?? ((i) => evaluated(fitted[i]!.key!, i));
    return (
      misfitWords(this.#detectorParams(label, detector), view) ??
      ((i) => this.#detector(column, classifiers[i], label, detector.picked, this.#seeds[i]!))
    );
  }

  /** Why a detector that a run has fitted cannot score a task's activations; null where it can. */
  #unknownLayer(run: string, { source }: PairingView): string | null {
    if (!source) return null;
    const names = source.activationNames;
    const lacking = detectorLayers(this.#fittedFolder(run)).find((layer) => !names.includes(layer));
    const owner = source.network ? 'this classifier' : 'this task';
    return lacking === undefined ? null : `It was fitted on the layer "${lacking}", which ${owner} does not have.`;
  }

  /** The classifier of a column with a seed. */
  #classifier(
    { label, classifier }: { label: string; classifier: NonNullable<Column['classifier']> },
    seed: number,
  ): string {
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

  #detector(column: Column, classifier: string | undefined, label: string, detector: Picked, seed: number): string {
    return this.#detection('detector', column, classifier, detector, { label, method: label, seed, needs: [] });
  }

  /** A fitted detector on the task of a column. */
  #evaluation(column: Column, classifier: string | undefined, fitted: string, label: string, seed: number): string {
    return this.#detection(
      'evaluation',
      column,
      classifier,
      { name: 'from_run', path: placeholder(fitted) },
      { label, method: `${label} evaluated`, seed, needs: [fitted] },
    );
  }

  #detection(
    kind: 'detector' | 'evaluation',
    column: Column,
    classifier: string | undefined,
    detector: Picked,
    { label, method, seed, needs: others }: Pick<PlannedRun, 'label' | 'method' | 'seed' | 'needs'>,
  ): string {
    const watched = classifier === undefined ? [] : [classifier];
    const needs = new Set([...watched, ...others]);
    const { params } = this.#parsed(
      kind,
      {
        seed,
        ...column.evaluation,
        detector,
        task: { seed, ...column.task, ...watching(classifier) },
      },
      `tasks.${column.label}`,
      ['task'],
      (path) => this.#resolved(path, seed, needs),
    );
    return this.#add(kind, params, {
      seed,
      label: `${label} on ${column.label}`,
      method,
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

  /** What is known of a column before anything is trained, after its task was found to be possible. @throws CupbearerError `usage`. */
  #viewOf(column: Column, key: string | undefined): Required<PairingView> {
    const { label, classifier } = column;
    const known = classifier && key !== undefined ? this.#known({ label, classifier }, key) : undefined;
    const task = this.#checkedTask(column, key, known);
    const source = known?.outline ? known.outline : naming(`tasks.${label}`, () => this.#recordedOf(task));
    return { offers: taskOffers(task), source };
  }

  /** What is known of the classifier of a column before it is trained. */
  #known(
    { label, classifier }: { label: string; classifier: NonNullable<Column['classifier']> },
    key: string,
  ): KnownClassifier {
    if ('run' in classifier) return describeClassifier(this.#given.get(key)!);
    const params = this.#runs.get(key)!.params as ParsedSpec<'classifier'>['params'];
    return naming(`tasks.${label}`, () => {
      const { original, trigger } = trainingData(params.train_data);
      return {
        folder: placeholder(key),
        originalData: original,
        ...(trigger ? { trigger: { spec: trigger, seed: params.seed } } : {}),
        outline: new NetworkOutline(specFor(params.model, datasetFacts(original, this.#context.dataDir))),
      };
    });
  }

  /** The task of a column, after it was found to go with its classifier. @throws CupbearerError `usage`. */
  #checkedTask(
    { label, task }: Column,
    classifier: string | undefined,
    known: KnownClassifier | undefined,
  ): PickedTask {
    const { params } = this.#parsed(
      'detector',
      { task: { ...task, ...watching(classifier) } },
      `tasks.${label}`,
      ['task'],
      (path) => (path.startsWith('$') ? placeholder(path.slice(1)) : resolve(this.#context.workingDir, path)),
    );
    const [misfit] = taskMisfits(params.task, known, this.#context.dataDir);
    if (!misfit) return params.task;
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

/** The parameter of a task that names its classifier, if it watches one. */
function watching(classifier: string | undefined): { run_path?: string } {
  return classifier === undefined ? {} : { run_path: placeholder(classifier) };
}

/** Stands in where only a detector's parameters are looked at. */
const anyTask = { name: 'backdoor', run_path: placeholder('any') };

/** What a detector learns from, in words. */
function wordsOf(detector: string): Pick<PlannedRow, 'detector' | 'sees' | 'isSkyline' | 'plugin'> {
  const { needs, plugin } = detectorRegistry.get(detector);
  const sees = needs.anomalyLabels
    ? 'skyline, sees labels'
    : needs.untrusted
      ? 'sees untrusted data'
      : needs.trusted
        ? 'trusted data only'
        : 'no data to learn from';
  return {
    detector,
    sees: needs.gradients ? `${sees}, gradients` : sees,
    isSkyline: needs.anomalyLabels === true,
    ...given({ plugin }),
  };
}

/** Why a detector cannot be fitted on a task; null where it can. */
function misfitWords(detector: PickedDetector, view: PairingView): string | null {
  const [misfit] = pairingMisfits(detector, view);
  return misfit ? [misfit.message, misfit.hint && inFlags(misfit.hint)].filter(Boolean).join(' ') : null;
}

/** The axes of a task that do not change the one its detectors are fitted on. */
function without(axes: readonly PartAxis[], source: readonly PartAxis[]): PartAxis[] {
  const taken = new Set(source.map(({ path }) => path));
  return axes.filter(({ path, keys }) => !taken.has(path) && keys[0] !== 'classifier');
}

/** The cells of a column by row, one a seed. */
function cellsOf(cells: readonly PlannedCell[], column: number): (row: number) => PlannedCell[] {
  const byRow = Map.groupBy(
    cells.filter((cell) => cell.column === column),
    ({ row }) => row,
  );
  return (row) => byRow.get(row) ?? [];
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
