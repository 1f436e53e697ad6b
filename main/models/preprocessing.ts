import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';

/** What an imported model expects of pictures, beside mean and deviation. */
export interface Preprocessing {
  /** The values that 0 and 1 stand for before mean and deviation are taken: `[0, 255]`, `[-1, 1]`. `[0, 1]` unless given. */
  valueRange?: readonly [number, number];
  /** The order in which it takes colours; RGB unless given. */
  channelOrder?: ChannelOrder;
  /** How its pictures were brought to the size of its input; stretched unless given. */
  resize?: Resize;
}

export const channelOrders = ['RGB', 'BGR'] as const;
type ChannelOrder = (typeof channelOrders)[number];

/**
 * `stretch` scales both sides to those of the input. `crop` scales the shorter side to `side` and takes the middle, as
 * torchvision's `Resize(side)` and `CenterCrop` do.
 */
type Resize = { readonly rule: 'stretch' } | { readonly rule: 'crop'; readonly side: number };

const mostSide = 2 ** 16;

/** The key `preprocessing` of a model.json. */
export const preprocessingFile = z.strictObject({
  value_range: z.tuple([z.number(), z.number()]).exactOptional(),
  channel_order: z.enum(channelOrders).exactOptional(),
  /** How `input_shape` is written. It is turned here: images are read as height, width, channels. */
  layout: z.enum(['HWC', 'CHW']).exactOptional(),
  resize: z
    .discriminatedUnion('rule', [
      z.strictObject({ rule: z.literal('stretch') }),
      z.strictObject({ rule: z.literal('crop'), side: z.int().positive().max(mostSide) }),
    ])
    .exactOptional(),
});
type PreprocessingFile = z.infer<typeof preprocessingFile>;

/** The shape of one input as height, width, channels. @throws CupbearerError `bad-data` naming `source`. */
export function inputShapeOf(
  shape: readonly number[],
  { layout }: PreprocessingFile,
  source: string,
): readonly number[] {
  if (layout !== 'CHW') return shape;
  if (shape.length === 3) return [shape[1]!, shape[2]!, shape[0]!];
  throw new CupbearerError(
    'bad-data',
    `"${source}": expected an input_shape of channels, height and width, as the layout CHW says, found [${shape.join(', ')}].`,
  );
}

/** What a model's pre-processing must go with. */
interface Takes {
  readonly inputShape: readonly number[];
  readonly vocabulary?: number;
}

/**
 * What a file says of pre-processing, without what is so anyway; undefined if that is all.
 * @throws CupbearerError `bad-data` naming `source` if it does not go with inputs of this shape.
 */
export function preprocessingOf(file: PreprocessingFile, takes: Takes, source: string): Preprocessing | undefined {
  const { value_range: range, channel_order: order, resize } = file;
  const found = givenOnly({
    valueRange: range && (range[0] !== 0 || range[1] !== 1) ? range : undefined,
    channelOrder: order === 'BGR' ? order : undefined,
    resize: resize?.rule === 'crop' ? resize : undefined,
  });
  const fault = found && faultOf(found, takes);
  if (fault !== undefined) throw new CupbearerError('bad-data', `"${source}": preprocessing: expected ${fault}.`);
  return found;
}

/** What of pre-processing does not go with a model, "EXPECTED, found WHAT"; undefined if all does. */
export function faultOf(
  { valueRange: [low, high] = [0, 1], channelOrder, resize }: Preprocessing,
  { inputShape, vocabulary }: Takes,
): string | undefined {
  if (vocabulary !== undefined) return 'none of texts, found some';
  if (!(low < high)) return `a value_range from a smaller to a larger value, found [${low}, ${high}]`;
  if (channelOrder && inputShape.at(-1) !== 3)
    return `a channel_order of models with three channels alone, found ${inputShape.at(-1)!}`;
  if (resize?.rule !== 'crop') return undefined;
  const [height, width] = inputShape;
  if (inputShape.length !== 3 || height !== width) return `a crop of square pictures alone, found ${inputShape.join(' x ')}`; // prettier-ignore
  return resize.side < height! ? `a side of at least ${height!}, which is cropped, found ${resize.side}` : undefined;
}

function givenOnly(all: { [K in keyof Preprocessing]: Preprocessing[K] | undefined }): Preprocessing | undefined {
  const found = given(all);
  return Object.keys(found).length === 0 ? undefined : found;
}

/** The inverse of {@link preprocessingOf}. */
export function toPreprocessingFile({ valueRange, channelOrder, resize }: Preprocessing): PreprocessingFile {
  return given({
    value_range: valueRange && ([...valueRange] as [number, number]),
    channel_order: channelOrder,
    resize,
  });
}

/** A network's part of what {@link preprocessingWords} is about. */
interface Inputs {
  readonly inputShape: readonly number[];
  readonly preprocessing?: Preprocessing;
  readonly normalisation?: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/** What is done to inputs before a model sees them, in words; empty if nothing is, or the network is not known. */
export function preprocessingWords(network: Inputs | null): string[] {
  if (network === null) return [];
  const { inputShape, preprocessing: { valueRange, channelOrder, resize } = {}, normalisation } = network;
  const size = inputShape.slice(0, 2).join(' x ');
  return [
    ...(resize?.rule === 'crop' ? [`shorter side scaled to ${resize.side} px, middle ${size} px`] : []),
    ...(channelOrder === undefined ? [] : [`channels in the order ${channelOrder}`]),
    ...(valueRange === undefined ? [] : [`values from ${valueRange[0]} to ${valueRange[1]}`]),
    ...(normalisation === undefined
      ? []
      : [`minus ${normalisation.mean.join(', ')}, divided by ${normalisation.std.join(', ')}`]),
  ];
}
