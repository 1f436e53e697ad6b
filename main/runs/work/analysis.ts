import { rmSync } from 'node:fs';
import type { Analysis, LayerAnalysis, Mistake } from '../../../shared/domain/analysis.ts';
import { tickLabel } from '../../../shared/charts/ticks.ts';
import { allLayers } from '../../../shared/domain/evaluation.ts';
import { wordsOf } from '../../data/texts.ts';
import {
  componentsOfMoments,
  componentsOfRows,
  explainedShares,
  project,
  type PrincipalComponents,
} from '../../evaluation/principal-components.ts';
import { spearmanMatrix } from '../../evaluation/rank-correlation.ts';
import { GroupedVariance } from '../../evaluation/variance-shares.ts';
import { worstMistakes } from '../../../shared/scores/worst-mistakes.ts';
import { drawAnalysisFigures } from '../../figures/analysis-figures.ts';
import type { FigureWords } from '../../figures/evaluation-figures.ts';
import { drawMistakeTexts, type MistakeText } from '../../figures/mistake-texts.ts';
import { drawMistakeSheet, type MistakePicture } from '../../figures/mistake-sheet.ts';
import type { ActivationSource } from '../../models/activation-source.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import { activationDims } from '../../models/pooling.ts';
import { replaceFolder, writeFileAtomically } from '../../storage/atomic-write.ts';
import { toJsonText } from '../../storage/json-text.ts';
import { encodeNpy } from '../../storage/npy.ts';
import { withStorageErrors } from '../../storage/storage-error.ts';
import { entriesWithin, pathToWrite, within } from '../../storage/within-folder.ts';
import type { Task, TestPart } from '../../tasks/task.ts';
import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import { RandomStream } from '../../tensor/random.ts';
import type { TaskScores, TestObserver } from './detection.ts';
import type { TestClasses } from './test-classes.ts';
import type { FittedDetector } from '../detector-file.ts';
import { analysisFile } from '../stored-analysis.ts';
import { figuresFolder, writeFigureFile, writeFigures } from './figures.ts';
import { poolingOf, scoresPositions } from '../positions.ts';
import { given } from '../../../shared/given.ts';
import { numbered } from '../../../shared/format.ts';
import { testSampleAt } from './test-sample.ts';

const pointsName = 'points';
const sheetName = 'mistakes';

/** Points drawn of each class: more than this and marks hide one another. */
const mostPoints = 1000;
/** Numbers kept for the points of all layers together, 128 MB: layers with many dimensions get fewer points. */
const mostKept = 2 ** 25;
/** Sums by class are kept for each dimension; beyond, they and the components would take longer than the evaluation. */
const mostDims = 16384;
/** A covariance of this size takes a quarter of a second to decompose, twice the size eight times as long. */
const mostCovarianceDims = 512;
const components = 2;
const mistakesShown = 10;

/** What is gathered of one layer while the test data run through the network. */
interface LayerSums {
  dims: number;
  /** By predicted class and kind of sample; without classes the kind alone. */
  byPrediction: GroupedVariance;
  /** Clean samples by their own class. */
  byLabel: GroupedVariance;
  /** Of the clean samples, if there are few enough dimensions. */
  moments: MomentAccumulator | undefined;
  /** Activations of the points, `[points, dims]`. */
  points: Float32Array;
}

/**
 * Observes the scoring of the test data and then describes how clean and anomalous samples differ inside the model and
 * where the detector is wrong. Needs no extra forward pass: it uses the activations that the detector gets, and the
 * logits.
 */
export class TestAnalysis implements TestObserver {
  /** Those of the detector's that it describes. */
  readonly names: readonly string[];
  readonly #task: Task;
  readonly #classes: TestClasses;
  readonly #layers = new Map<string, LayerSums>();
  readonly #leftOut = new Map<string, LayerAnalysis>();
  /** Places in the scores of the samples that are drawn, in an order that mixes the classes. */
  readonly #points: Int32Array;
  /** Place among the points of each sample, or -1. */
  readonly #slots: Int32Array;

  /** `classes` must see each batch first. */
  constructor(detector: FittedDetector, task: Task, classes: TestClasses, seed: number) {
    this.#task = task;
    this.#classes = classes;
    const ragged = detector.layers.filter((name) => scoresPositions(detector.spec) && task.source.isRagged(name));
    const dims = new Map(
      detector.layers
        .filter((name) => !ragged.includes(name))
        .map((name) => [name, analysedDims(task.source, name, detector)]),
    );
    const analysed = [...dims].filter(([, size]) => size <= mostDims);
    const kept = analysed.reduce((sum, [, size]) => sum + size, 0);
    this.#points = choosePoints(task.test, Math.min(mostPoints, Math.floor(mostKept / 2 / Math.max(1, kept))), seed);
    this.#slots = new Int32Array(classes.own.length).fill(-1);
    for (const [slot, position] of this.#points.entries()) this.#slots[position] = slot;
    for (const [name, size] of dims) {
      if (size <= mostDims) this.#layers.set(name, newSums(size, this.#points.length));
      else
        this.#leftOut.set(
          name,
          without(size, `It has ${numbered(size, 'dimension')}; layers of up to ${mostDims} are analysed.`),
        );
    }
    for (const name of ragged) {
      const [, width = 0] = task.source.activationShape(name);
      this.#leftOut.set(
        name,
        without(width, 'Every token is scored on its own, and samples differ in how many they have.'),
      );
    }
    this.names = [...this.#layers.keys()];
  }

  see(batch: ActivationBatch, { anomalous }: TestPart, positions: Int32Array): void {
    const { predicted } = this.#classes;
    const kind = anomalous ? 1 : 0;
    const keys = positions.map((position) => 2 * (predicted?.[position] ?? 0) + kind);
    for (const [name, sums] of this.#layers) {
      const rows = batch.layers.get(name)!;
      sums.byPrediction.update(rows, keys, batch.size);
      if (!anomalous) {
        sums.byLabel.update(rows, batch.labels, batch.size);
        sums.moments?.update(rows, batch.size);
      }
      for (let i = 0; i < batch.size; i++) {
        const slot = this.#slots[positions[i]!]!;
        if (slot >= 0) sums.points.set(rows.subarray(i * sums.dims, (i + 1) * sums.dims), slot * sums.dims);
      }
    }
  }

  /**
   * Writes `analysis.json`, `analysis/` and figures into `folder`. `scores` include the aggregate; `threshold` is its
   * threshold at 1 % FPR.
   */
  write(folder: string, scores: TaskScores, threshold: number | null, words: FigureWords): void {
    const anomalous = Uint8Array.from(this.#points, (position) => scores.labels[position]!);
    const coordinates = new Map<string, Float32Array>();
    const layers = new Map<string, LayerAnalysis>();
    for (const [name, sums] of this.#layers) {
      const found = this.#componentsOf(sums, anomalous);
      const explained = found && explainedShares(found.components);
      if (found && explained) coordinates.set(name, inPlane(found.components, sums.points, this.#points.length));
      layers.set(name, {
        dims: sums.dims,
        ...(explained ? {} : { left_out: 'The clean activations do not vary, or are not finite.' }),
        components: found && explained ? { samples: found.samples, explained } : null,
        variance: this.#varianceOf(sums),
      });
    }
    const names = [...scores.layers.keys()].filter((name) => name !== allLayers);
    const scored = [allLayers, ...names];
    const mistakes = worstMistakes(scores.layers.get(allLayers)!, scores.labels, mistakesShown);
    const analysis: Analysis = {
      format: 1,
      layers: Object.fromEntries([...layers, ...this.#leftOut]),
      score_correlation: { layers: scored, spearman: spearmanMatrix(scored.map((name) => scores.layers.get(name)!)) },
      mistakes: {
        clean: mistakes.clean.map((position) => this.#mistakeAt(position, scores)),
        anomalous: mistakes.anomalous.map((position) => this.#mistakeAt(position, scores)),
      },
    };
    replaceFolder(within(folder, 'analysis'), this.#arrayFiles(coordinates));
    writeFigures(folder, drawAnalysisFigures(analysis, { coordinates, anomalous, total: scores.labels.length }, words));
    this.#writeSheet(folder, analysis, threshold, words);
    writeFileAtomically(within(folder, analysisFile), toJsonText(analysis));
  }

  #componentsOf(
    { dims, moments, points }: LayerSums,
    anomalous: Uint8Array,
  ): { components: PrincipalComponents; samples: number } | null {
    // Activations that are not finite are the detector's business; the analysis must not end the run.
    if (points.some((value) => !Number.isFinite(value))) return null;
    if (moments) {
      if (moments.count < 2 || !moments.mean.every(Number.isFinite)) return null;
      return { components: componentsOfMoments(moments, components), samples: moments.count };
    }
    const slots = [...anomalous.keys()].filter((slot) => anomalous[slot] === 0).slice(0, mostCovarianceDims);
    if (slots.length < 2) return null;
    const rows = new Float32Array(slots.length * dims);
    slots.forEach((slot, i) => rows.set(points.subarray(slot * dims, (slot + 1) * dims), i * dims));
    return { components: componentsOfRows(rows, slots.length, dims, components), samples: slots.length };
  }

  #varianceOf({ byPrediction, byLabel }: LayerSums): LayerAnalysis['variance'] {
    const isClean = (key: number) => key % 2 === 0;
    const classOf = (key: number) => Math.floor(key / 2);
    const hasClasses = this.#classes.predicted !== undefined;
    const classes = hasClasses ? byPrediction.shareBetween(classOf) : null;
    const both = byPrediction.shareBetween((key) => key);
    return {
      between_predicted_classes: classes,
      between_clean_and_anomalous_of_a_class:
        classes === null || both === null ? null : Math.min(1 - classes, Math.max(0, both - classes)),
      between_clean_and_anomalous: byPrediction.shareBetween((key) => key % 2),
      between_true_classes_of_clean: byLabel.shareBetween((label) => label),
      between_predicted_classes_of_clean: hasClasses
        ? byPrediction.shareBetween((key) => (isClean(key) ? classOf(key) : undefined))
        : null,
    };
  }

  #mistakeAt(position: number, scores: TaskScores): Mistake {
    const { dataset } = testSampleAt(this.#task.test, position).part;
    const index = scores.sampleIndex[position]!;
    const label = this.#classes.own[position]!;
    const predicted = this.#classes.predicted?.[position];
    return {
      position,
      sample_index: index,
      score: scores.layers.get(allLayers)![position]!,
      true_class: dataset.classes[label] ?? String(label),
      predicted_class: predicted === undefined ? null : (dataset.classes[predicted] ?? String(predicted)),
    };
  }

  /** Only pictures, `[height, width, 1 or 3]`, and texts can be shown. */
  #writeSheet(folder: string, { mistakes }: Analysis, threshold: number | null, words: FigureWords): void {
    const { shape, vocabulary } = this.#task.test[0]!.dataset;
    const [height, width, channels] = shape;
    const heads = {
      title: 'Worst mistakes',
      subtitle: [
        `by the score over all layers${words.aggregation === undefined ? '' : `, ${words.aggregation}`}`,
        ...(threshold === null ? [] : [`flagged from ${tickLabel(Number(threshold.toPrecision(4)))} at 1 % FPR`]),
      ].join('; '),
      ...given({ anomalousWord: words.anomalous }),
    };
    if (vocabulary) {
      const withWords = (mistake: Mistake): MistakeText => ({
        ...mistake,
        words: wordsOf(this.#inputAt(mistake.position), vocabulary),
      });
      const texts = { clean: mistakes.clean.map(withWords), anomalous: mistakes.anomalous.map(withWords) };
      writeFigures(folder, [drawMistakeTexts(sheetName, { ...heads, ...texts })]);
    } else if (height !== undefined && width !== undefined && (channels === 1 || channels === 3)) {
      const withPixels = (mistake: Mistake): MistakePicture => ({
        ...mistake,
        pixels: this.#inputAt(mistake.position),
      });
      const pictures = { clean: mistakes.clean.map(withPixels), anomalous: mistakes.anomalous.map(withPixels) };
      const png = drawMistakeSheet({ ...heads, ...pictures, shape: [height, width, channels] });
      writeFigureFile(folder, `${sheetName}.png`, png);
    }
  }

  /** The test sample at this place in the scores, as the network sees it. */
  #inputAt(position: number): Float32Array {
    const { part, index } = testSampleAt(this.#task.test, position);
    return part.dataset.read([index], 0).inputs;
  }

  #arrayFiles(coordinates: ReadonlyMap<string, Float32Array>): Record<string, Uint8Array> {
    const n = this.#points.length;
    const files = [...coordinates].map(([name, data]): [string, Uint8Array] => [
      `${name}.npy`,
      encodeNpy({ shape: [n, components], data }),
    ]);
    return Object.fromEntries([...files, [`${pointsName}.npy`, encodeNpy({ shape: [n], data: this.#points })]]);
  }
}

/** Removes what an earlier analysis has left, so that it never lies beside scores it is not of. */
export function clearAnalysis(folder: string): void {
  const drawn = entriesWithin(within(folder, figuresFolder)).filter(({ name }) =>
    /^(activations-.*|variance|score-correlation|mistakes)\.(png|svg)$/.test(name),
  );
  const earlier = [analysisFile, 'analysis'].map((name) => within(folder, name));
  withStorageErrors(`remove the earlier analysis in "${folder}"`, () => {
    for (const place of [...earlier, ...drawn.map(({ name }) => within(folder, figuresFolder, name))])
      rmSync(pathToWrite(place), { recursive: true, force: true });
  });
}

/** Length of what the analysis sees of a sample: all tokens in a row where each is scored on its own. */
function analysedDims(source: ActivationSource, name: string, { spec }: FittedDetector): number {
  const pooling = poolingOf(spec);
  return activationDims(source, name, pooling.tokens === 'each' ? { ...pooling, tokens: 'none' } : pooling);
}

function newSums(dims: number, points: number): LayerSums {
  return {
    dims,
    byPrediction: new GroupedVariance(dims),
    byLabel: new GroupedVariance(dims),
    moments: dims <= mostCovarianceDims ? new MomentAccumulator(dims) : undefined,
    points: new Float32Array(points * dims),
  };
}

function without(dims: number, left_out: string): LayerAnalysis {
  return { dims, left_out, components: null, variance: null };
}

/** At most `most` samples of each class, drawn by `seed`, mixed: places in the scores. */
function choosePoints(test: readonly TestPart[], most: number, seed: number): Int32Array {
  const stream = RandomStream.from(seed, 'analysis', 'points');
  const places: [number[], number[]] = [[], []];
  let start = 0;
  for (const { anomalous, indices } of test) {
    for (let i = 0; i < indices.length; i++) places[anomalous ? 1 : 0].push(start + i);
    start += indices.length;
  }
  const chosen = places.flatMap((own, kind) =>
    [...stream.derive(kind).permutation(own.length).subarray(0, most)].map((i) => own[i]!),
  );
  return stream
    .derive('order')
    .permutation(chosen.length)
    .map((i) => chosen[i]!);
}

/** Coordinates `[n, 2]`; a layer of one dimension has zeros along the second. */
function inPlane(found: PrincipalComponents, rows: Float32Array, n: number): Float32Array {
  const projected = project(found, rows, n);
  if (found.variances.length === components) return projected;
  return Float32Array.from({ length: n * components }, (_, k) =>
    k % components === 0 ? projected[k / components]! : 0,
  );
}
