/**
 * What a plugin imports as `cupbearer/plugin`: all that the definitions of the program itself import. Nothing in the program
 * imports this file but the process that runs plugins.
 */
export { z } from 'zod';
export * as tf from '@tensorflow/tfjs-core';
export {
  defineModel,
  defineModelTask,
  type ModelActivations,
  type ModelContext,
  type ModelDefinition,
  type ModelPart,
  type RunningModel,
} from './define-model.ts';
export { reportProgress } from './report-progress.ts';
export { scoresOn } from './scores-on.ts';

// What definitions are made of
export { Registry, type Definition } from '../../shared/definition.ts';
export { misfitsOf, refuse, type Misfit } from '../../shared/misfit.ts';
export { describe } from '../../shared/schema/describe.ts';
export {
  asPicked,
  choice,
  columnOrFile,
  defaultPick,
  flag,
  integer,
  integers,
  number,
  optionalColumnOrFile,
  optionalFiles,
  optionalInteger,
  optionalNames,
  optionalPath,
  optionalPick,
  optionalText,
  paramsOf,
  parseParams,
  pick,
  requiredFiles,
  requiredPath,
  text,
  type Picked,
} from '../../shared/schema/fields.ts';
export { explainFaults } from '../../shared/schema/problems.ts';
export { partsOfTraining, type PoisonKeys, type TaskRole, type TrainingData } from '../../shared/training-data.ts';

// Errors and words
export { CupbearerError, fromErrorRecord, toErrorRecord, type ErrorCode } from '../../shared/errors.ts';
export { counted, inSentence, numbered } from '../../shared/format.ts';
export { given } from '../../shared/given.ts';
export { command, parameter, worded, type Sentence } from '../../shared/wording.ts';

// Shapes of data
export type { AttackAim, Leniency } from '../../shared/domain/evaluation.ts';
export type { NamedTensor, TensorData, TensorMap } from '../../shared/domain/tensors.ts';

// Detectors, and what several of them compute
export {
  commonParams,
  defineDetector,
  doubles,
  floats,
  networkOf,
  numberOf,
  outputLayer,
  type DetectorContext,
  type DetectorDefinition,
  type DetectorNeeds,
  type DetectorState,
  type FeatureLayer,
  type FeatureStream,
  type Features,
  type LayerScores,
  type ParamsOf,
} from '../detectors/detector.ts';
export { defineLayerDetector, matrix, vector, type LayerBatch } from '../detectors/layer-detector.ts';
export { accumulate, classMomentsByLayer, momentsByLayer, ofLayer } from '../detectors/parts/by-layer.ts';
export {
  classLines,
  lineArrays,
  lineBetween,
  scoreByLines,
  type SplitClass,
} from '../detectors/parts/class-directions.ts';
export { ClassMoments, inverseCovariance } from '../detectors/parts/class-moments.ts';
export {
  abstractionLosses,
  abstractionParams,
  abstractionScores,
  isTau,
  meanLoss,
} from '../detectors/parts/consistent-abstraction.ts';
export { couplingScores } from '../detectors/parts/coupling.ts';
export { abstractionMisfits, fitAbstraction } from '../detectors/parts/fit-abstraction.ts';
export { fitGradients, largestCosines } from '../detectors/parts/gradient-coupling.ts';
export { trainOn, trainingParams } from '../detectors/parts/gradient-training.ts';
export {
  BatchedGramStatistics,
  entryCount,
  gramStatistics,
  type GramStatistics,
  type Parity,
} from '../detectors/parts/gram-statistics.ts';
export { kMeans, type Clusters } from '../detectors/parts/k-means.ts';
export {
  addLinear,
  applyLinear,
  toTensors,
  toVariables,
  trained,
  type Weights,
} from '../detectors/parts/linear-maps.ts';
export { logisticRegression, sigmoid } from '../detectors/parts/logistic-regression.ts';
export { centredRows, meanRow, nearestRows, unitRows, type Neighbours } from '../detectors/parts/nearest.ts';
export { neighbourRanks, unitLayer } from '../detectors/parts/neighbour-ranks.ts';
export { classCount, inputsOf, logitsOf, predictedClasses } from '../detectors/parts/predictions.ts';
export { principalAxes } from '../detectors/parts/principal-axes.ts';
export { quantumEntropyForm } from '../detectors/parts/quantum-entropy.ts';
export { drawSamples } from '../detectors/parts/reference-samples.ts';
export { robustSubset, whitening } from '../detectors/parts/robust-covariance.ts';
export { checkCount, gatherRows, positionsByGroup, takeRows } from '../detectors/parts/rows.ts';
export { batchFromTensors, batchToTensors, sampledBatch } from '../detectors/parts/sample-batches.ts';
export { fitTraces, largestCorrelations } from '../detectors/parts/sampled-coupling.ts';
export { checkStepSize } from '../detectors/parts/sgld.ts';

// Random streams, tensors, and linear algebra in float64
export { cholesky } from '../tensor/linalg/cholesky.ts';
export { ColumnMoments } from '../tensor/linalg/column-moments.ts';
export { GRAM_ROWS, GramPanels, symmetricFrom } from '../tensor/linalg/gram.ts';
export { matMulTransposed } from '../tensor/linalg/mat-mul.ts';
export { MomentAccumulator } from '../tensor/linalg/moments.ts';
export { lowerMedianInPlace, medianInPlace, selectInPlace } from '../tensor/linalg/order-statistics.ts';
export { identity, projectRows, times, timesVector, trace } from '../tensor/linalg/products.ts';
export { pseudoInverse } from '../tensor/linalg/pseudo-inverse.ts';
export { quadraticForms } from '../tensor/linalg/quadratic-forms.ts';
export { rowDistances } from '../tensor/linalg/row-distances.ts';
export { mergingRoot, moveOn, type RunningMean } from '../tensor/linalg/running-mean.ts';
export { symmetricEigen, symmetricEigenRows } from '../tensor/linalg/symmetric-eigen.ts';
export { symmetricFunction } from '../tensor/linalg/symmetric-function.ts';
export { weightedGram } from '../tensor/linalg/weighted-gram.ts';
export { softmaxCrossEntropy } from '../tensor/loss.ts';
export { RandomStream } from '../tensor/random.ts';
export { read } from '../tensor/read.ts';

// Datasets and triggers
export { checkNotCancelled } from '../data/cancellation.ts';
export { withAbsentClasses } from '../data/class-counts.ts';
export { classOrder } from '../data/class-order.ts';
export { contentKey } from '../data/content-key.ts';
export { requireDataReach } from '../data/data-reach.ts';
export {
  defineDataset,
  type AttackRequest,
  type Batch,
  type Dataset,
  type DatasetCache,
  type DatasetContext,
  type DatasetDefinition,
  type DatasetFacts,
  type DatasetKeeper,
  type SampleMetadata,
} from '../data/dataset.ts';
export { arithmetic } from '../data/datasets/arithmetic.ts';
export { dataWord } from '../data/datasets/dataset-title.ts';
export { datasetRegistry } from '../data/datasets/index.ts';
export { datasetFacts, loadDataset, loadSplit } from '../data/datasets/load.ts';
export { toyFeatures } from '../data/datasets/toy-features.ts';
export { poisonKeys, trainingData } from '../data/datasets/training-data.ts';
export { fingerprint } from '../data/fingerprint.ts';
export { drawGlyph, glyphSide } from '../data/glyphs/draw-glyph.ts';
export { checkedIndex, imageDataset, type Images } from '../data/image-dataset.ts';
export { foldCase } from '../data/name-forms.ts';
export type { PictureFile } from '../data/pictures/decode-pictures.ts';
export { parseCifar, type CifarBatch } from '../data/readers/cifar.ts';
export { parseIdx, parseIdxLabels } from '../data/readers/idx.ts';
export { missingData, readStoredFile, type StoredFile } from '../data/readers/stored-file.ts';
export { datasetSources } from '../data/sources.ts';
export { isGzip, storedPlaces } from '../data/stored-places.ts';
export { readAnomalyLabels } from '../data/stored/anomaly-labels.ts';
export { contractDifferences } from '../data/stored/contract.ts';
export { finiteSamples } from '../data/stored/finite-samples.ts';
export { openStoredSet } from '../data/stored/open-stored-set.ts';
export { RecordedSamples } from '../data/stored/recorded-samples.ts';
export { floatTypeOf } from '../data/stored/stored-rows.ts';
export type { StoredSet } from '../data/stored/stored-set.ts';
export { padding, tokensOf } from '../data/texts.ts';
export {
  augmented,
  defaultAugmentation,
  naturalImageAugmentation,
  withoutAugmentations,
  type AugmentationSpec,
} from '../data/transforms/augmentation.ts';
export { changed } from '../data/transforms/changed.ts';
export { concatenated } from '../data/transforms/concatenated.ts';
export { disguised } from '../data/transforms/disguised.ts';
export { checkPoisoning, fullyPoisoned, poisoned, type PoisonedDataset } from '../data/transforms/poisoning.ts';
export { withClassesOf } from '../data/transforms/relabelled.ts';
export { replaced } from '../data/transforms/replaced.ts';
export { limited } from '../data/transforms/subset.ts';
export { createTrigger, disguiseOf, loadTrigger, poisonOptions, triggerRegistry } from '../data/triggers/index.ts';
export type { PoisonOptions } from '../data/triggers/poison-options.ts';
export { defineTrigger, imageSize, poisonFields, type Disguise, type Trigger } from '../data/triggers/trigger.ts';

// Models, and activations of them
export type { ActivationSource, AskedSamples, SourceOutline, Wanted } from '../models/activation-source.ts';
export type { ActivationBatch } from '../models/activations.ts';
export { attackWithRun } from '../models/attack-with-run.ts';
export { attackMethod, attackSamples, attackSuccess, type AttackOptions } from '../models/attacks.ts';
export { gradientsOf, type Variables } from '../models/gradient-step.ts';
export { knownModel } from '../models/known-network.ts';
export { hasModel, modelFingerprint, openModel, outlineOf, readModelDescription } from '../models/model-in.ts';
export { Network } from '../models/network.ts';
export type { Optimizer } from '../models/optimizer.ts';
export { createOptimizer } from '../models/optimizers/index.ts';
export { RecordedOutline, RecordedSource, logitsLayer, type RecordedLayer } from '../models/recorded-source.ts';

// Tasks
export { taskRegistry } from '../tasks/index.ts';

// Files
export { replaceFolder } from '../storage/atomic-write.ts';
export { ByteFile } from '../storage/byte-file.ts';
export { hashJson } from '../storage/content-hash.ts';
export { bytesOf } from '../storage/element-type.ts';
export { joinedBytes } from '../storage/joined-bytes.ts';
export { decodeText, readFileBytes, readFileStart, readJsonFile } from '../storage/read-file.ts';
export { isInside } from '../storage/real-path.ts';
export { readSpec, requireRun } from '../storage/run-folder.ts';
export { safetensorsParts } from '../storage/safetensors.ts';
export { systemCode, toStorageError, withStorageErrors } from '../storage/storage-error.ts';
export { openFloats, readTensorFile } from '../storage/tensor-file.ts';
export { createFolderWithin, isThere, pathOf, within, type Within } from '../storage/within-folder.ts';
