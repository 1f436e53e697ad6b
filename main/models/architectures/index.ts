import { Registry } from '../../../shared/definition.ts';
import type { ArchitectureDefinition } from '../architecture.ts';
import { cnn } from './cnn.ts';
import { mlp } from './mlp.ts';

/** All architectures that a classifier can have. */
export const architectureRegistry = new Registry<ArchitectureDefinition>('model', [mlp, cnn]);
