import { unknownName } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { setOf } from '../data/stored/recorded-samples.ts';
import type { ActivationSource, AskedSamples, SourceOutline, Wanted } from './activation-source.ts';
import { poolRows } from './pool-rows.ts';
import type { Shape } from './modules.ts';
import { sizeOf } from './network-outline.ts';

/** An activation that was recorded, of all samples of a task alike. */
export interface RecordedLayer {
  name: string;
  /** Of one sample; of the longest where they differ. */
  shape: Shape;
  isRagged: boolean;
  /** Whether its numbers were stored in 16 bits or fewer; not unless given. */
  isHalf?: boolean;
}

/** The name of a layer that holds the model's outputs. */
export const logitsLayer = 'logits';

/** Numbers of activations that are held at once: 128 MB as they are read. */
const mostNumbers = 2 ** 25;

/** What was recorded of a model. */
export class RecordedOutline implements SourceOutline {
  readonly classOutput = undefined;
  readonly classes = [];
  readonly inputShape = [0];
  readonly isDifferentiable = false;
  readonly network = undefined;
  readonly #layers: ReadonlyMap<string, RecordedLayer>;

  constructor(layers: readonly RecordedLayer[]) {
    this.#layers = new Map(layers.map((layer) => [layer.name, layer]));
  }

  get activationNames(): readonly string[] {
    return [...this.#layers.keys()];
  }

  /** All but the outputs, which follow from the last layer. */
  get defaultActivations(): readonly string[] {
    const { activationNames: names } = this;
    const hidden = names.filter((name) => name !== logitsLayer);
    return hidden.length > 0 ? hidden : names;
  }

  get outputWidth(): number | undefined {
    const logits = this.#layers.get(logitsLayer);
    return logits?.shape.length === 1 ? logits.shape[0] : undefined;
  }

  get halfActivations(): ReadonlySet<string> {
    return new Set([...this.#layers.values()].filter(({ isHalf }) => isHalf).map(({ name }) => name));
  }

  activationShape(name: string): Shape {
    return this.#layerAt(name).shape;
  }

  isRagged(name: string): boolean {
    return this.#layerAt(name).isRagged;
  }

  #layerAt(name: string): RecordedLayer {
    const layer = this.#layers.get(name);
    if (layer) return layer;
    throw new CupbearerError('usage', unknownName('layer', name, this.activationNames));
  }
}

/** Activations that are read from files, which `close` closes. */
export class RecordedSource extends RecordedOutline implements ActivationSource {
  readonly isAwaited = true;
  readonly #close: () => void;

  constructor(layers: readonly RecordedLayer[], close: () => void) {
    super(layers);
    this.#close = close;
  }

  async observe({ dataset, indices }: AskedSamples, wanted: Wanted): Promise<Float32Array[]> {
    const set = setOf(dataset);
    const names = wanted.logits ? [...wanted.names, logitsLayer] : wanted.names;
    const found: Float32Array[] = [];
    for (const name of names) {
      const values = await set.read(name, indices);
      const shape = this.activationShape(name);
      const where = (sample: number) => `"${set.path}", tensor "${name}", sample ${indices[sample]}`;
      const width = shape[1];
      if (width === undefined) found.push(values);
      else found.push(poolRows({ values, width, counts: this.tokenCounts(name, { dataset, indices }) }, wanted, where));
    }
    return found;
  }

  tokenCounts(name: string, { dataset, indices }: Pick<AskedSamples, 'dataset' | 'indices'>): Int32Array {
    const { lengths, layers } = setOf(dataset);
    const own = layers.find((layer) => layer.name === name);
    if (own?.isRagged && lengths) return Int32Array.from(indices, (index) => lengths[index]!);
    return new Int32Array(indices.length).fill(own?.shape[0] ?? this.activationShape(name)[0]!);
  }

  largestBatch({ names, logits }: Wanted): number {
    const width = names.reduce((sum, name) => sum + sizeOf(this.activationShape(name)), 0);
    return Math.max(1, Math.floor(mostNumbers / Math.max(1, width + (logits ? (this.outputWidth ?? 0) : 0))));
  }

  identity(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  dispose(): void {
    this.#close();
  }
}
