import { Registry } from '../../../shared/definition.ts';
import type { ArchitectureDefinition } from '../architecture.ts';
import { cnn } from './cnn.ts';
import { graph } from './graph.ts';
import { mlp } from './mlp.ts';
import { transformer } from './transformer.ts';
import { preactresnet18, preactresnet34, preactresnet50 } from './preactresnet.ts';

/** All architectures that can be trained here. */
export const architectureRegistry = new Registry<ArchitectureDefinition>('model', [
  mlp,
  cnn,
  preactresnet18,
  preactresnet34,
  preactresnet50,
  transformer,
]);

/** All architectures that a classifier can have: those, and what is imported layer by layer. */
export const knownArchitectures = new Registry<ArchitectureDefinition>('model', [
  ...architectureRegistry.definitions,
  graph,
]);
