import { Registry } from '../../shared/definition.ts';
import { activationClustering } from './activation-clustering.ts';
import { beatrix } from './beatrix.ts';
import { classMahalanobis } from './class-mahalanobis.ts';
import type { DetectorDefinition } from './detector.ts';
import { energy } from './energy.ts';
import { functionalAttribution } from './functional-attribution.ts';
import { gaussianMixture } from './gaussian-mixture.ts';
import { isolationForest } from './isolation-forest.ts';
import { knn } from './knn.ts';
import { lof } from './lof.ts';
import { mahalanobis } from './mahalanobis.ts';
import { maxSoftmax } from './max-softmax.ts';
import { pcaResidual } from './pca-residual.ts';
import { scan } from './scan.ts';
import { spectre } from './spectre.ts';
import { strip } from './strip.ts';
import { que } from './que.ts';
import { spectral } from './spectral.ts';
import { supervisedProbe } from './supervised-probe.ts';
import { ted } from './ted.ts';
import { abstraction } from './abstraction.ts';
import { adversarialAbstraction } from './adversarial-abstraction.ts';
import { finetuning } from './finetuning.ts';
import { vae } from './vae.ts';

/** All detection methods. A new one is its file and a line here. */
export const detectorRegistry = new Registry<DetectorDefinition>('detector', [
  mahalanobis,
  spectral,
  que,
  beatrix,
  ted,
  supervisedProbe,
  classMahalanobis,
  gaussianMixture,
  pcaResidual,
  knn,
  lof,
  isolationForest,
  maxSoftmax,
  energy,
  activationClustering,
  scan,
  spectre,
  strip,
  functionalAttribution,
  vae,
  abstraction,
  adversarialAbstraction,
  finetuning,
]);
