import { unpackArrays } from '../../../shared/domain/arrays.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { client, toCupbearerError } from '../../app/client.ts';

/** Activations of some test samples in the plane of two components. */
export interface Plane {
  /** Places in the score arrays, `[m]`. */
  positions: Int32Array;
  x: Float32Array;
  y: Float32Array;
  /** 1 = anomalous, `[m]`. */
  anomalous: Uint8Array;
}

/** The planes of a run's layers; each is asked for once, when it is first shown. */
export class Planes {
  #planes = $state.raw<ReadonlyMap<string, Plane | CupbearerError>>(new Map());
  readonly #asked = new Set<string>();

  /** The plane of a layer, or why there is none; undefined until it has arrived. */
  of(layer: string): Plane | CupbearerError | undefined {
    return this.#planes.get(layer);
  }

  /** Asks for the plane of a layer of a run, whose test samples have these labels. */
  async load(id: string, layer: string, labels: Uint8Array): Promise<void> {
    if (this.#asked.has(layer)) return;
    this.#asked.add(layer);
    let plane: Plane | CupbearerError;
    try {
      plane = await fetchPlane(id, layer, labels);
    } catch (error) {
      plane = toCupbearerError(error);
      this.#asked.delete(layer);
    }
    this.#planes = new Map(this.#planes).set(layer, plane);
  }
}

async function fetchPlane(id: string, layer: string, labels: Uint8Array): Promise<Plane> {
  const { positions, points } = await unpackArrays((await client.runs.plane({ id, layer })).arrays);
  if (!(positions instanceof Int32Array) || !(points instanceof Float32Array))
    throw new CupbearerError('bad-data', `The activations at ${layer} came incomplete.`);
  return {
    positions,
    x: Float32Array.from(positions, (_, i) => points[2 * i]!),
    y: Float32Array.from(positions, (_, i) => points[2 * i + 1]!),
    anomalous: Uint8Array.from(positions, (position) => labels[position]!),
  };
}
