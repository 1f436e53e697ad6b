import { Registry } from '../../shared/definition.ts';
import { classMahalanobis } from './class-mahalanobis.ts';
import type { DetectorDefinition } from './detector.ts';
import { energy } from './energy.ts';
import { gaussianMixture } from './gaussian-mixture.ts';
import { isolationForest } from './isolation-forest.ts';
import { knn } from './knn.ts';
import { lof } from './lof.ts';
import { mahalanobis } from './mahalanobis.ts';
import { maxSoftmax } from './max-softmax.ts';
import { pcaResidual } from './pca-residual.ts';

/** All detection methods. A new one is its file and a line here. */
export const detectorRegistry = new Registry<DetectorDefinition>('detector', [
  mahalanobis,
  classMahalanobis,
  gaussianMixture,
  pcaResidual,
  knn,
  lof,
  isolationForest,
  maxSoftmax,
  energy,
]);
