import { CupbearerError } from '../../../shared/errors.ts';
import { outputLayer, type LayerScores } from '../detector.ts';
import { parameter, worded, type Sentence } from '../../../shared/wording.ts';

/** Inputs of both ways to measure the coupling. */
export interface CouplingOptions {
  references: number;
  separate_layers: boolean;
  max_state: number;
  chains: number;
  draws: number;
  thinning: number;
  step_size: number;
  localisation: number;
  n_beta: number;
  batch_size: number;
}

/** Parameters that are looked at together yield one score. */
export interface ParameterGroup {
  /** Name of the score. */
  name: string;
  /** Activations after which the layers are called. */
  activations: string[];
}

/** Each layer on its own, or all together under the name of the output. */
export function parameterGroups(activations: Iterable<string>, separate: boolean): ParameterGroup[] {
  const names = [...activations];
  return separate ? names.map((name) => ({ name, activations: [name] })) : [{ name: outputLayer, activations: names }];
}

/**
 * Scores from each sample's largest coupling, -1 to 1, by group: its negative, within that range although rounding may
 * lead out of it by the last digit.
 */
export function couplingScores(largest: ReadonlyMap<string, Float64Array>): LayerScores {
  return new Map(
    [...largest].map(([name, values]) => [name, values.map((value) => -Math.max(-1, Math.min(1, value)))]),
  );
}

/**
 * Refuses a state of more than `limit` MiB before anything is computed.
 * @throws CupbearerError `usage` with the size that `what` would take.
 */
export function checkStateSize(numbers: number, limit: number, what: string, hint: Sentence): void {
  const size = (numbers * Float32Array.BYTES_PER_ELEMENT) / 2 ** 20;
  if (size <= limit) return;
  throw new CupbearerError(
    'usage',
    `The detector would store ${what}, ${Math.ceil(size)} MiB; at most ${limit} MiB were allowed.`,
    { hint: worded`${hint} Or raise ${parameter('detector.max_state')}.` },
  );
}
