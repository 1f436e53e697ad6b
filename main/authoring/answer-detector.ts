import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import { refuse } from '../../shared/misfit.ts';
import type {
  DetectorContext,
  DetectorDefinition,
  DetectorParams,
  DetectorState,
  FeatureLayer,
  FeatureStream,
} from '../detectors/detector.ts';
import type { SourceOutline } from '../models/activation-source.ts';
import type { ActivationBatch } from '../models/activations.ts';
import type { Exchange } from '../plugins/exchange.ts';
import type { ArrayPlace, PlacedBatch } from '../plugins/messages.ts';
import { startEngine } from '../tensor/engine.ts';
import { RandomStream } from '../tensor/random.ts';
import { paramsOfDefinition, type Answering, type Asked } from './answering.ts';

type StreamName = 'trusted' | 'untrusted';

/** Answers what is asked of detectors. */
export class DetectorAnswers {
  #loaded: { definition: DetectorDefinition; state: DetectorState; seed: number } | undefined;

  async fit({ definition: id, params, layers, seed, ...asked }: Asked<'fit'>, answering: Answering) {
    const { exchange, signal } = answering;
    const { definition, own } = detectorOf(id, params, answering);
    refuse(definition.misfits?.(own, layers, outlineOf(layers)) ?? []);
    await startEngine('wasm');
    const stream = (name: StreamName): FeatureStream | undefined => {
      const placed = asked[name];
      if (!placed) return undefined;
      const anomalous = placed.anomalous && exchange.read(placed.anomalous).data;
      return {
        length: placed.length,
        ...given({ anomalous: anomalous && Uint8Array.from(anomalous) }),
        batches: passesOver(name, answering),
      };
    };
    const state = await definition.fit(
      { layers, ...given({ trusted: stream('trusted'), untrusted: stream('untrusted') }) },
      own,
      contextOf(id, seed, signal),
    );
    checkState(state);
    return { tensors: exchange.write('state-out', state.tensors), values: state.values };
  }

  async load({ definition: id, params, state, seed }: Asked<'load'>, answering: Answering) {
    const { definition } = detectorOf(id, params, answering);
    await startEngine('wasm');
    const tensors = Object.fromEntries(
      Object.entries(state.tensors).map(([name, place]) => [name, answering.exchange.read(place)]),
    );
    this.#loaded = { definition, state: { tensors, values: state.values }, seed };
  }

  async score({ batch: placed }: Asked<'score'>, { exchange, signal }: Answering): Promise<Record<string, ArrayPlace>> {
    if (!this.#loaded) throw new CupbearerError('plugin', 'Scores were asked for before a detector was loaded.');
    const { definition, state, seed } = this.#loaded;
    const scores: unknown = await definition.score(
      state,
      readBatch(placed, exchange),
      contextOf(definition.id, seed, signal),
    );
    if (!(scores instanceof Map))
      throw new CupbearerError(
        'plugin',
        `The detector "${definition.id}": expected score to return a Map of scores by layer.`,
      );
    const tensors: Record<string, NamedTensor> = {};
    for (const [layer, values] of scores as Map<unknown, unknown>) {
      if (!(values instanceof Float64Array))
        throw new CupbearerError('plugin', `The scores at ${String(layer)}: expected a Float64Array [size].`);
      tensors[String(layer)] = { shape: [values.length], data: values };
    }
    return exchange.write('scores', tensors);
  }
}

function detectorOf(id: string, params: Record<string, unknown>, { find }: Answering) {
  const exported = find(['detector'], id);
  // What has `fit` and `score` is one, as far as types can tell.
  return {
    definition: exported as unknown as DetectorDefinition,
    own: paramsOfDefinition(exported, params) as DetectorParams,
  };
}

/** The same stream as that of the program's own detectors of this id. */
function contextOf(id: string, seed: number, signal: AbortSignal): DetectorContext {
  return { stream: RandomStream.from(seed, 'detector', id), signal };
}

function passesOver(name: StreamName, answering: Answering): FeatureStream['batches'] {
  const { exchange, signal } = answering;
  let passes = 0;
  return async function* () {
    const pass = ++passes;
    for (let isFirst = true; ; isFirst = false) {
      signal.throwIfAborted();
      if (pass !== passes) throw new CupbearerError('plugin', `Two passes over the ${name} samples at the same time.`);
      const placed = await answering.batch(name, isFirst);
      if (!placed) return;
      yield readBatch(placed, exchange);
    }
  };
}

function readBatch(
  { size, indices, labels, layers, logits, inputs }: PlacedBatch,
  exchange: Exchange,
): ActivationBatch {
  const floats = (place: ArrayPlace) => exchange.read(place).data as Float32Array;
  const whole = (place: ArrayPlace) => exchange.read(place).data as Int32Array;
  return {
    size,
    indices: whole(indices),
    labels: whole(labels),
    layers: new Map(Object.entries(layers).map(([name, place]) => [name, floats(place)])),
    ...given({ logits: logits && floats(logits), inputs: inputs && floats(inputs) }),
  };
}

/** @throws CupbearerError `plugin` for what cannot be stored. */
function checkState(state: unknown): asserts state is DetectorState {
  const { tensors, values } = (state ?? {}) as Partial<DetectorState>;
  if (typeof tensors !== 'object' || typeof values !== 'object')
    throw new CupbearerError('plugin', 'Expected fit to return { tensors, values }.');
  for (const [name, tensor] of Object.entries(tensors)) {
    const { shape, data } = tensor;
    const isArray = [Float32Array, Float64Array, Int32Array, Uint8Array].some((type) => data instanceof type);
    if (!isArray)
      throw new CupbearerError('plugin', `The array "${name}" of the state: expected a typed array of numbers.`);
    if (shape.reduce((product, length) => product * length, 1) !== data.length)
      throw new CupbearerError(
        'plugin',
        `The array "${name}" of the state: expected ${data.length} values by its data, found the shape [${shape.join(', ')}].`,
      );
  }
}

/** What is known of the source across a pipe: the layers that the detector looks at. */
function outlineOf(layers: readonly FeatureLayer[]): SourceOutline {
  return {
    activationNames: layers.map(({ name }) => name),
    defaultActivations: layers.map(({ name }) => name),
    activationShape: (wanted) => [layers.find(({ name }) => name === wanted)?.dims ?? 0],
    isRagged: () => false,
    classOutput: undefined,
    classes: [],
    inputShape: [],
    outputWidth: undefined,
    isDifferentiable: false,
    network: undefined,
  };
}
