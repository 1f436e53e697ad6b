import { z } from 'zod';
import type { Definition } from '../../shared/definition.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { layerAggregations } from '../../shared/domain/layer-aggregation.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Misfit } from '../../shared/misfit.ts';
import { choice, optionalInteger, optionalNames, optionalText, type Picked } from '../../shared/schema/fields.ts';
import type { ActivationBatch } from '../models/activations.ts';
import type { Network } from '../models/network.ts';
import type { SourceOutline } from '../models/activation-source.ts';
import type { RandomStream } from '../tensor/random.ts';

/** What a detector needs of a task; a pairing that lacks it is refused before anything runs. */
export interface DetectorNeeds {
  trusted?: boolean;
  untrusted?: boolean;
  /** Labels of clean and anomalous samples in the untrusted data: only for skylines. */
  anomalyLabels?: boolean;
  gradients?: boolean;
  /** The network's outputs beside the activations: `logits` of each batch. */
  logits?: boolean;
  /** The samples themselves beside what the network makes of them: `inputs` of each batch. */
  inputs?: boolean;
  /** Inputs that are images. */
  images?: boolean;
  /** Fewest layers it can work on; 1 by default. 0 means that it looks at no activations. */
  layers?: number;
}

/** One layer that a detector looks at; its activations are `[n, dims]`. */
export interface FeatureLayer {
  name: string;
  dims: number;
  /** Whether its numbers were stored in 16 bits or fewer. */
  isHalf?: boolean;
}

/** The activations a detector may learn from, as streams that can be run through more than once. */
export interface Features {
  layers: readonly FeatureLayer[];
  trusted?: FeatureStream;
  untrusted?: FeatureStream;
}

export interface FeatureStream {
  /** Number of samples. */
  length: number;
  /**
   * Which of them are anomalous (1), if the task says so, in the order of the stream, `[length]`: only for skylines.
   */
  anomalous?: Uint8Array;
  /** Starts a pass over all samples; reports progress and stops when cancelled. */
  batches(): AsyncIterable<ActivationBatch>;
}

/** A stream that says of each sample whether it is anomalous. */
type LabelledStream = FeatureStream & Required<Pick<FeatureStream, 'anomalous'>>;

/** The features of a detector with needs `N`: exactly what it asks for. */
export type GrantedFeatures<N extends DetectorNeeds> = Pick<Features, 'layers'> &
  (N extends { trusted: true } ? { trusted: FeatureStream } : unknown) &
  (N extends { untrusted: true }
    ? { untrusted: N extends { anomalyLabels: true } ? LabelledStream : FeatureStream }
    : unknown);

/** Returns the features that `needs` asks for. @throws CupbearerError `internal` if one of them is missing. */
function granted<N extends DetectorNeeds>(features: Features, needs: N): GrantedFeatures<N> {
  const { layers, trusted, untrusted } = features;
  const missing =
    (needs.trusted && !trusted && 'trusted data') ||
    (needs.untrusted && !untrusted && 'untrusted data') ||
    (needs.anomalyLabels && !untrusted?.anomalous && 'anomaly labels');
  if (missing) throw new CupbearerError('internal', `The detector was started without the ${missing} that it needs.`);
  // Checked just now, which the type of a generic cannot express.
  return {
    layers,
    ...(needs.trusted ? { trusted } : {}),
    ...(needs.untrusted ? { untrusted } : {}),
  } as GrantedFeatures<N>;
}

export interface DetectorContext {
  /** The model itself; there for detectors that need gradients or inputs. */
  network?: Network;
  /** Random numbers of this detector alone, from the run's seed. */
  stream: RandomStream;
  signal?: AbortSignal;
  /** The run's seed and what reports of it, for detectors that run in processes of their own. */
  seed?: number;
  log?: (message: string) => void;
  progress?: (phase: string, done: number, total: number) => void;
  /** Shape of one sample, where there are inputs. */
  inputShape?: readonly number[];
}

/** The network that a detector asked for by its needs. @throws CupbearerError `internal` for one that did not. */
export function networkOf({ network }: DetectorContext): Network {
  if (network) return network;
  throw new CupbearerError('internal', 'The detector was started without the model that it runs.');
}

/**
 * The fitted state of a detector: arrays, numbers and words, nothing else. It is saved whole by one codec, so nothing
 * can be forgotten, and `score` sees nothing but this: a reloaded detector scores exactly like the one in memory.
 */
export interface DetectorState {
  tensors: TensorMap;
  values: Record<string, number | string>;
}

/** The float64 array `name` of a state. @throws CupbearerError `bad-data` if a stored detector lacks it. */
export function doubles({ tensors }: DetectorState, name: string): Float64Array {
  const data = tensors[name]?.data;
  if (data instanceof Float64Array) return data;
  throw new CupbearerError('bad-data', `The detector's state has no float64 array "${name}".`);
}

/** The name for scores that belong to the network's output rather than to a single layer. */
export const outputLayer = 'output';

/** The float32 array `name` of a state. @throws CupbearerError `bad-data` if a stored detector lacks it. */
export function floats({ tensors }: DetectorState, name: string): Float32Array {
  const data = tensors[name]?.data;
  if (data instanceof Float32Array) return data;
  throw new CupbearerError('bad-data', `The detector's state has no float32 array "${name}".`);
}

/** The number `name` of a state. @throws CupbearerError `bad-data` if a stored detector lacks it. */
export function numberOf({ values }: DetectorState, name: string): number {
  const value = values[name];
  if (typeof value === 'number') return value;
  throw new CupbearerError('bad-data', `The detector's state has no number "${name}".`);
}

/** Per layer one score a sample, `[size]`; higher is more anomalous. */
export type LayerScores = Map<string, Float64Array>;

/** A detection method. Batching, aggregation over layers, metrics and saving are the runner's work. */
export interface DetectorDefinition extends Definition {
  needs: DetectorNeeds;
  /** Whether a sample's score depends on what else is in its batch, and so on the size of batches. */
  dependsOnBatch?: boolean;
  /** Why its scores depend on the scale of activations or weights; the others rank samples alike on any scale. */
  dependsOnScale?: string;
  /**
   * Returns which of its own parameters do not fit together or do not fit the layers that it will look at. Called
   * before any data are loaded.
   */
  misfits?(params: DetectorParams, layers: readonly FeatureLayer[], source: SourceOutline): Misfit[];
  fit(features: Features, params: DetectorParams, context: DetectorContext): Promise<DetectorState>;
  score(state: DetectorState, batch: ActivationBatch, context: DetectorContext): LayerScores | Promise<LayerScores>;
}

/** Parameters that every detector has, whatever its method. */
export const commonParams = {
  layers: optionalNames({
    control: 'layers',
    label: 'Layers',
    help: 'Activations to look at, for example layers.linear_0.output; all linear and convolution outputs unless given',
  }),
  layer_aggregation: choice({
    advanced: true,
    label: 'Combine layers by',
    help: 'How the scores of the layers become the score "all"; standardised-mean holds out a tenth of the trusted samples (at most 2\u202f000) to scale each layer by, layer takes one of them alone',
    options: layerAggregations,
    default: 'mean',
  }),
  aggregation_layer: optionalText({
    control: 'layer',
    advanced: true,
    label: 'Layer taken',
    help: 'The layer whose scores become the score "all"',
    when: { layer_aggregation: 'layer' },
  }),
  pooling: choice({
    advanced: true,
    label: 'Pool feature maps by',
    help: 'How the positions of a feature map become one vector of channels; none flattens it',
    options: ['mean', 'max', 'none'],
    default: 'mean',
  }),
  tokens: choice({
    advanced: true,
    label: 'Tokens',
    help: 'How the tokens of a text become one vector: the last one, mean or maximum over them, or none to join them all; score-last, score-mean and score-max score every token on its own and take the last, the mean or the largest score',
    options: ['last', 'mean', 'max', 'none', 'score-last', 'score-mean', 'score-max'],
    default: 'last',
  }),
  token_position: optionalInteger({
    advanced: true,
    label: 'Token position',
    help: 'One token of each text, counted from 0, in place of what tokens says',
    min: 0,
  }),
};

type CommonParams = z.output<z.ZodObject<typeof commonParams>>;
export type DetectorParams = CommonParams & Record<string, unknown>;

/** A chosen detector with its parameters. */
export type PickedDetector = Picked & CommonParams;

/** The parameters of a detector that declares the fields `P`. */
export type ParamsOf<P extends z.ZodRawShape> = z.output<z.ZodObject<P>> & CommonParams;

/** What an author writes of a detector; the types of its parameters and features follow from `params` and `needs`. */
export interface DetectorDeclaration<P extends z.ZodRawShape, N extends DetectorNeeds> extends Omit<
  DetectorDefinition,
  'params' | 'needs' | 'misfits' | 'fit'
> {
  needs: N;
  params: P;
  misfits?(params: ParamsOf<P>, layers: readonly FeatureLayer[], source: SourceOutline): Misfit[];
  fit(features: GrantedFeatures<N>, params: ParamsOf<P>, context: DetectorContext): Promise<DetectorState>;
}

/** Returns a detector from its own parameters and behaviour, with the parameters that all detectors share. */
export function defineDetector<P extends z.ZodRawShape, const N extends DetectorNeeds>(
  declaration: DetectorDeclaration<P, N>,
): DetectorDefinition {
  return {
    ...declaration,
    params: z.object({ ...commonParams, ...declaration.params }),
    // The registry hands over only what this very schema has parsed.
    fit: (features, params, context) =>
      declaration.fit(granted(features, declaration.needs), params as ParamsOf<P>, context),
  };
}
