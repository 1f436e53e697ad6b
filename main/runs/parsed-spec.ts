import type { RunKind } from '../../shared/domain/run.ts';
import type { TrainClassifierSpec } from './classifier-spec.ts';
import type { EvalDetectorSpec, TrainDetectorSpec } from './detector-params.ts';

/** The parameters of each kind of run, as its schema outputs them. */
export interface SpecParams {
  classifier: TrainClassifierSpec;
  detector: TrainDetectorSpec;
  evaluation: EvalDetectorSpec;
}

declare const parsed: unique symbol;

/**
 * A run that is asked for: its schema has parsed the parameters, and paths in them are absolute. Made by {@link
 * parseSpec} alone.
 */
export type ParsedSpec<Kind extends RunKind = RunKind> = {
  [K in Kind]: { readonly kind: K; readonly params: SpecParams[K]; readonly [parsed]: true };
}[Kind];
