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
export type ChannelOrder = (typeof channelOrders)[number];

/**
 * `stretch` scales both sides to those of the input. `crop` scales the shorter side to `side` and takes the middle, as
 * torchvision's `Resize(side)` and `CenterCrop` do.
 */
export type Resize = { readonly rule: 'stretch' } | { readonly rule: 'crop'; readonly side: number };

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

/**
 * What a file says of pre-processing, without what is so anyway; undefined if that is all.
 * @throws CupbearerError `bad-data` naming `source` if it does not go with inputs of this shape.
 */
export function preprocessingOf(
  { value_range: range, channel_order: order, resize }: PreprocessingFile,
  { inputShape, vocabulary }: { inputShape: readonly number[]; vocabulary?: number },
  source: string,
): Preprocessing | undefined {
  const found = givenOnly({
    valueRange: range && (range[0] !== 0 || range[1] !== 1) ? range : undefined,
    channelOrder: order === 'BGR' ? order : undefined,
    resize: resize?.rule === 'crop' ? resize : undefined,
  });
  if (found === undefined) return undefined;
  const refuse = (expected: string, what: string) => {
    throw new CupbearerError('bad-data', `"${source}": preprocessing: expected ${expected}, found ${what}.`);
  };
  if (vocabulary !== undefined) refuse('none of texts', Object.keys(found).join(', '));
  const [low, high] = found.valueRange ?? [0, 1];
  if (!(low < high)) refuse('a value_range from a smaller to a larger value', `[${low}, ${high}]`);
  if (found.channelOrder && inputShape.at(-1) !== 3) {
    refuse('a channel_order of models with three channels alone', `${inputShape.at(-1)!}`);
  }
  if (found.resize?.rule === 'crop') {
    const [height, width] = inputShape;
    if (inputShape.length !== 3 || height !== width) refuse('crop for square pictures alone', inputShape.join(' x '));
    if (found.resize.side < height!) refuse(`a side of at least ${height!}, which is cropped`, `${found.resize.side}`);
  }
  return found;
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
