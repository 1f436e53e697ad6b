import { CupbearerError } from '../../shared/errors.ts';
import type { PluginVersion } from '../../shared/plugin/manifest.ts';
import type { Dataset } from '../data/dataset.ts';
import { PluginSamples } from '../data/plugin-samples.ts';
import type { OpenedModel, PluginProcess } from '../plugins/plugin-process.ts';
import type { ActivationSource, AskedSamples, Wanted } from './activation-source.ts';
import { sizeOf } from './network-outline.ts';
import { poolRows } from './pool-rows.ts';
import { logitsLayer, RecordedOutline, type RecordedLayer } from './recorded-source.ts';

/** Numbers of activations that are asked for at once: 128 MB as they come. */
const mostNumbers = 2 ** 25;

/** What of a plugin's model can be looked at: its layers, and its outputs as one more. */
export function layersOf({ layers, logits }: Pick<OpenedModel, 'layers' | 'logits'>): RecordedLayer[] {
  const outputs = logits === undefined ? [] : [{ name: logitsLayer, shape: [logits], isRagged: false }];
  return [...layers.filter(({ name }) => name !== logitsLayer), ...outputs];
}

/** A model that runs in a plugin, and gives activations as they are asked for. */
export class PluginSource extends RecordedOutline implements ActivationSource {
  readonly isAwaited = true;
  readonly #running: PluginProcess;
  readonly #identity: object;

  constructor(
    running: PluginProcess,
    opened: OpenedModel,
    identity: { plugin: PluginVersion; id: string; params: object },
  ) {
    super(layersOf(opened));
    this.#running = running;
    const { plugin, ...model } = identity;
    this.#identity = { plugin: plugin.hash, ...model, fingerprint: opened.fingerprint };
  }

  async observe({ dataset, indices }: AskedSamples, wanted: Wanted): Promise<Float32Array[]> {
    const names = wanted.logits ? [...wanted.names, logitsLayer] : wanted.names;
    const layers = [...new Set(names)].filter((name) => name !== logitsLayer);
    const part = partOf(dataset).name;
    const { tensors, logits } = await this.#running.activations(part, indices, layers, names.includes(logitsLayer));
    const found = new Map(layers.map((name, i) => [name, tensors[i]!]));
    if (logits) found.set(logitsLayer, logits);
    return names.map((name) => {
      const { data, shape } = found.get(name)!;
      const [, width] = this.activationShape(name);
      const counts = width === undefined ? undefined : this.tokenCounts(name, { dataset, indices });
      this.#check(name, shape, indices.length, counts);
      const values = data instanceof Float32Array ? data : Float32Array.from(data);
      if (!counts) return values;
      return poolRows(
        { values, width: width!, counts },
        wanted,
        (sample) => `Layer "${name}", sample ${indices[sample]}`,
      );
    });
  }

  /** @throws CupbearerError `plugin` if there are not the numbers that were promised when the model was opened. */
  #check(name: string, shape: readonly number[], size: number, counts: Int32Array | undefined): void {
    const own = this.activationShape(name);
    const rows = counts?.reduce((sum, count) => sum + count, 0) ?? size;
    const expected = counts && this.isRagged(name) ? [rows, own[1]!] : [size, ...own];
    if (shape.join() === expected.join()) return;
    throw new CupbearerError(
      'plugin',
      `The activations of "${name}": expected shape [${expected.join(', ')}], as the plugin said at first, found [${shape.join(', ')}].`,
    );
  }

  tokenCounts(name: string, { dataset, indices }: Pick<AskedSamples, 'dataset' | 'indices'>): Int32Array {
    const { lengths } = partOf(dataset).part;
    if (this.isRagged(name) && lengths) return Int32Array.from(indices, (index) => lengths[index]!);
    return new Int32Array(indices.length).fill(this.activationShape(name)[0]!);
  }

  largestBatch({ names, logits }: Wanted): number {
    const width = names.reduce((sum, name) => sum + sizeOf(this.activationShape(name)), 0);
    return Math.max(1, Math.floor(mostNumbers / Math.max(1, width + (logits ? (this.outputWidth ?? 0) : 0))));
  }

  identity(): Promise<object> {
    return Promise.resolve(this.#identity);
  }

  dispose(): void {
    // What it was asked for has come, or nobody waits for it any more.
    void this.#running.close();
  }
}

function partOf(dataset: Dataset): PluginSamples {
  if (dataset instanceof PluginSamples) return dataset;
  throw new CupbearerError(
    'internal',
    'Activations of a plugin’s model were asked for of samples that are not its own.',
  );
}
