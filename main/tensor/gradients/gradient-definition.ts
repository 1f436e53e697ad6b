import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';

/** How to differentiate a kernel. What is returned is called for those inputs alone that need a gradient. */
export interface GradientDefinition {
  readonly kernelName: string;
  /** Inputs by name that `gradient` gets, in this order, as `saved`. */
  readonly inputsToSave?: string[];
  readonly saveAllInputs?: boolean;
  /** Which outputs it gets after them. */
  readonly outputsToSave?: boolean[];
  readonly gradient: (dy: Tensor, saved: Tensor[], attrs: NamedAttrMap) => Record<string, () => Tensor>;
}
