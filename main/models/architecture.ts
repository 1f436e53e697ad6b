import type { z } from 'zod';
import type { Definition } from '../../shared/definition.ts';
import type { LayerGraph } from './graph/layer-graph.ts';
import type { Module, Shape } from './modules.ts';

/** What an architecture is built for. */
export interface ArchitectureInput {
  /** Shape of one sample, images as `[height, width, channels]`. */
  inputShape: Shape;
  classes: number;
  /** How many tokens texts are made of; undefined for other data. */
  vocabulary?: number;
  /** The layers of an imported network that is none of the built-in ones. */
  graph?: LayerGraph;
}

/** A kind of model: from its parameters to a tree of modules. Module names are layer names. */
export interface ArchitectureDefinition extends Definition {
  /** Whether gradients can be taken through it; true by default. */
  readonly isDifferentiable?: boolean;
  build(params: Record<string, unknown>, input: ArchitectureInput): Module;
  /** Activations that detectors look at by default; if left out, all linear and convolution outputs. */
  defaultActivations?(params: Record<string, unknown>, input: ArchitectureInput): string[];
}

/** Types `build`'s params from the schema beside it. */
export function defineArchitecture<P extends z.ZodObject>(
  definition: Omit<ArchitectureDefinition, 'params' | 'build' | 'defaultActivations'> & {
    params: P;
    build(params: z.output<P>, input: ArchitectureInput): Module;
    defaultActivations?(params: z.output<P>, input: ArchitectureInput): string[];
  },
): ArchitectureDefinition {
  // The registry hands over only what this very schema has parsed.
  return definition;
}
