import { Registry } from '../../shared/definition.ts';
import { abstraction } from './abstraction.ts';
import { adversarialAbstraction } from './adversarial-abstraction.ts';
import type { DetectorDefinition } from './detector.ts';
import { finetuning } from './finetuning.ts';
import { mahalanobis } from './mahalanobis.ts';
import { vae } from './vae.ts';

/** All detection methods. A new one is its file and a line here. */
export const detectorRegistry = new Registry<DetectorDefinition>('detector', [
  mahalanobis,
  vae,
  abstraction,
  adversarialAbstraction,
  finetuning,
]);
