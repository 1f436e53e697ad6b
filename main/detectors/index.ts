import { Registry } from '../../shared/definition.ts';
import { activationClustering } from './methods/activation-clustering.ts';
import { beatrix } from './methods/beatrix.ts';
import { classMahalanobis } from './methods/class-mahalanobis.ts';
import { commonParams, type DetectorDefinition } from './detector.ts';
import { energy } from './methods/energy.ts';
import { functionalAttribution } from './methods/functional-attribution.ts';
import { gaussianMixture } from './methods/gaussian-mixture.ts';
import { isolationForest } from './methods/isolation-forest.ts';
import { knn } from './methods/knn.ts';
import { lof } from './methods/lof.ts';
import { mahalanobis } from './methods/mahalanobis.ts';
import { maxSoftmax } from './methods/max-softmax.ts';
import { pcaResidual } from './methods/pca-residual.ts';
import { scan } from './methods/scan.ts';
import { spectre } from './methods/spectre.ts';
import { strip } from './methods/strip.ts';
import { que } from './methods/que.ts';
import { spectral } from './methods/spectral.ts';
import { supervisedProbe } from './methods/supervised-probe.ts';
import { ted } from './methods/ted.ts';
import { abstraction } from './methods/abstraction.ts';
import { adversarialAbstraction } from './methods/adversarial-abstraction.ts';
import { finetuning } from './methods/finetuning.ts';
import { vae } from './methods/vae.ts';

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
]).sharing(commonParams);
