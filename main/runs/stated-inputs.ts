import type { z } from 'zod';
import { given } from '../../shared/given.ts';
import { refuse, type Misfit } from '../../shared/misfit.ts';
import { optionalInteger, optionalNames, optionalText } from '../../shared/schema/fields.ts';
import type { NetworkSpec } from '../models/network-outline.ts';
import { channelOrders, faultOf, type Preprocessing } from '../models/preprocessing.ts';

/** What may be stated of a model's inputs and outputs where its model.json does not. */
export const statedInputs = {
  classes: optionalNames({
    label: 'Classes',
    help: 'Their names in the order of the outputs, as the data name them, separated by commas; those of the file unless given',
  }),
  value_range: optionalText({
    advanced: true,
    label: 'Range of the inputs',
    help: 'The values that black and white have in the model, such as 0,255 or -1,1; 0,1 unless given',
  }),
  mean: optionalText({
    advanced: true,
    label: 'Mean of the inputs',
    help: 'Where the model was trained on normalised inputs: what is subtracted from values in that range, by channel, separated by commas',
  }),
  std: optionalText({
    advanced: true,
    label: 'Deviation of the inputs',
    help: 'What they are divided by afterwards, by channel, separated by commas',
  }),
  channel_order: optionalText({
    advanced: true,
    label: 'Order of the channels',
    help: 'RGB or BGR, as OpenCV and Caffe have it; RGB unless given',
  }),
  crop_from: optionalInteger({
    advanced: true,
    label: 'Shorter side before cropping',
    help: 'Where its pictures were scaled by their shorter side and the middle was cut out: that side; both sides were scaled unless given',
    unit: 'px',
    min: 1,
  }),
};
type InputStatement = z.output<z.ZodObject<typeof statedInputs>>;

/**
 * Returns a network with what is stated of its inputs and outputs in place of what its file says; the same object if that is nothing.
 * @throws CupbearerError `usage` with the parameter that does not fit.
 */
export function withStatedInputs(network: NetworkSpec, statement: InputStatement): NetworkSpec {
  const { classes, mean, std, value_range: range, channel_order: order, crop_from: side } = statement;
  if ([classes, mean, std, range, order, side].every((value) => value === undefined)) return network;
  refuse([
    ...classMisfits(classes, network),
    ...normalisationMisfits(mean, std, network),
    ...orderMisfits(order),
    ...rangeMisfits(range),
  ]);
  const stated: Preprocessing = given({
    valueRange: range === undefined ? undefined : (numbersIn(range) as [number, number]),
    channelOrder: order === undefined ? undefined : channelOrders.find((known) => known === order.toUpperCase()),
    resize: side === undefined ? undefined : { rule: 'crop' as const, side },
  });
  const fault = Object.keys(stated).length === 0 ? undefined : faultOf(stated, network);
  const named = range !== undefined ? 'value_range' : order !== undefined ? 'channel_order' : 'crop_from';
  if (fault !== undefined) refuse([{ path: [named], message: `Expected ${fault}.` }]);
  const both = { ...network.preprocessing, ...stated };
  return {
    ...network,
    ...given({
      classes,
      preprocessing: Object.keys(both).length === 0 ? undefined : both,
      normalisation:
        mean === undefined || std === undefined ? undefined : { mean: numbersIn(mean), std: numbersIn(std) },
    }),
  };
}

function classMisfits(classes: readonly string[] | undefined, { classes: own }: NetworkSpec): Misfit[] {
  if (classes === undefined || classes.length === own.length) return [];
  const message = `The model has ${own.length} classes; ${classes.length} names are given.`;
  return [{ path: ['classes'], message }];
}

function orderMisfits(order: string | undefined): Misfit[] {
  if (order === undefined || channelOrders.some((known) => known === order.toUpperCase())) return [];
  return [{ path: ['channel_order'], message: `Expected ${channelOrders.join(' or ')}, found "${order}".` }];
}

function rangeMisfits(range: string | undefined): Misfit[] {
  if (range === undefined) return [];
  const [low = NaN, high = NaN, ...more] = numbersIn(range);
  if (low < high && more.length === 0 && Number.isFinite(high - low)) return [];
  const message = `Expected two numbers, the smaller one first, such as 0,255; found "${range}".`;
  return [{ path: ['value_range'], message }];
}

function normalisationMisfits(mean: string | undefined, std: string | undefined, network: NetworkSpec): Misfit[] {
  if (mean === undefined && std === undefined) return [];
  const channels = network.inputShape.at(-1)!;
  const fault = (key: string, text: string | undefined, isRight: (value: number) => boolean): Misfit[] => {
    if (network.vocabulary !== undefined) return [{ path: [key], message: 'The tokens of texts are not normalised.' }];
    const values = numbersIn(text ?? '');
    if (values.length === channels && values.every(isRight)) return [];
    const what = key === 'std' ? 'numbers above 0' : 'numbers';
    const message = `Expected ${channels} ${what} as ${key}, one a channel, found ${text === undefined ? 'none' : `"${text}"`}.`;
    return [{ path: [key], message }];
  };
  return [
    ...fault('mean', mean, Number.isFinite),
    ...fault('std', std, (value) => Number.isFinite(value) && value > 0),
  ];
}

const numbersIn = (text: string) => text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
