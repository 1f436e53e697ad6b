import type { z } from 'zod';
import type { Definition } from '../../shared/definition.ts';
import type { Module, Shape } from './modules.ts';

/** What an architecture is built for. */
export interface ArchitectureInput {
  /** Shape of one sample, images as `[height, width, channels]`. */
  inputShape: Shape;
  classes: number;
}

/** A kind of model: from its parameters to a tree of modules. Module names are layer names. */
export interface ArchitectureDefinition extends Definition {
  build(params: Record<string, unknown>, input: ArchitectureInput): Module;
}

/** Types `build`'s params from the schema beside it. */
export function defineArchitecture<P extends z.ZodObject>(
  definition: Omit<ArchitectureDefinition, 'params' | 'build'> & {
    params: P;
    build(params: z.output<P>, input: ArchitectureInput): Module;
  },
): ArchitectureDefinition {
  // The registry hands over only what this very schema has parsed.
  return definition;
}
