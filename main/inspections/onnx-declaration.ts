import { join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { refuse } from '../../shared/misfit.ts';
import {
  channelOrders,
  imageLayouts,
  onnxDeclaration,
  resizeRules,
  type OnnxDeclaration,
} from '../models/onnx/description.ts';
import type { OnnxStatement } from '../runs/onnx-statement.ts';
import type { TrainingStatement } from '../runs/stated-training.ts';
import { readJsonFile, readTextFile } from '../storage/read-file.ts';
import { isThere, within } from '../storage/within-folder.ts';

/** Reads what people have typed. @throws CupbearerError `usage` naming the parameter. */
export function declaredByWords(statement: OnnxStatement & Partial<TrainingStatement>): OnnxDeclaration {
  const { classes, input_shape: shape, vocabulary, crop_from: side, output } = statement;
  const range = numbersIn('value_range', statement.value_range, 'two numbers, the lower one first,');
  if (range && !(range.length === 2 && range[0]! < range[1]!))
    refused('value_range', statement.value_range, 'two numbers, the lower one first,');
  const preprocessing = given({
    resize: oneOf('resize', statement.resize, resizeRules) ?? (side === undefined ? undefined : ('crop' as const)),
    resize_to: side,
    channel_order: oneOf('channel_order', statement.channel_order?.toLowerCase(), channelOrders),
    layout: oneOf('layout', statement.layout?.toLowerCase(), imageLayouts),
    value_range: range as [number, number] | undefined,
    mean: numbersIn('mean', statement.mean, 'numbers'),
    std: numbersIn('std', statement.std, 'numbers above 0', (value) => value > 0),
  });
  const isSize = (value: number) => Number.isInteger(value) && value > 0;
  const inputShape = numbersIn('input_shape', shape, 'whole numbers above 0', isSize);
  return { ...given({ classes, input_shape: inputShape, vocabulary, output }), preprocessing };
}

function numbersIn(
  key: string,
  text: string | undefined,
  expected: string,
  isRight: (value: number) => boolean = Number.isFinite,
): number[] | undefined {
  if (text === undefined) return undefined;
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!values.every((value) => Number.isFinite(value) && isRight(value))) refused(key, text, expected);
  return values;
}

function oneOf<const T extends readonly string[]>(
  key: string,
  text: string | undefined,
  known: T,
): T[number] | undefined {
  if (text !== undefined && !known.includes(text)) refused(key, text, known.join(', '));
  return text;
}

function refused(key: string, found: string | undefined, expected: string): void {
  refuse([{ path: [key], message: `Expected ${expected} as ${key}, found "${found}".` }]);
}

/** Files that Hugging Face's libraries write beside a model; what they say besides is passed over. */
const configFile = z.looseObject({ id2label: z.record(z.string(), z.string()).optional() });
const numbers = z.union([z.number().transform((value) => [value]), z.array(z.number()).min(1).max(4096)]);
const processorFile = z.looseObject({
  do_rescale: z.boolean().optional(),
  do_normalize: z.boolean().optional(),
  image_mean: numbers.optional(),
  image_std: numbers.optional(),
  do_resize: z.boolean().optional(),
  size: z.union([z.number(), z.looseObject({ shortest_edge: z.number().optional() })]).optional(),
  do_center_crop: z.boolean().optional(),
});

/**
 * Reads what files beside a model say of it: `model.json` in our own words, then `classes.txt` with one a line, then `config.json` and
 * `preprocessor_config.json` of Hugging Face. @throws CupbearerError `bad-data` for one that cannot be read.
 */
export function declaredBeside(folder: string): OnnxDeclaration {
  const read = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
    const place = within(folder, name);
    if (!isThere(place)) return undefined;
    const parsed = schema.safeParse(readJsonFile(place));
    if (parsed.success) return parsed.data;
    throw new CupbearerError('bad-data', `"${join(folder, name)}" cannot be used: ${z.prettifyError(parsed.error)}.`, {
      hint: 'Mend it, or put the model into a folder without it.',
    });
  };
  const own = read('model.json', onnxDeclaration);
  const list = within(folder, 'classes.txt');
  const listed = isThere(list)
    ? readTextFile(list)
        .split(/\r?\n/)
        .filter((line) => line.trim() !== '')
    : undefined;
  const steps = read('preprocessor_config.json', processorFile);
  const classes = own?.classes ?? listed ?? labelsOf(read('config.json', configFile)?.id2label);
  const preprocessing = { ...(steps ? stepsOf(steps) : {}), ...own?.preprocessing };
  return { ...own, ...given({ classes }), preprocessing };
}

function labelsOf(labels: Record<string, string> | undefined): string[] | undefined {
  const names = labels && Object.keys(labels).map((_, i) => labels[String(i)]);
  return names?.every((each): each is string => each !== undefined) ? names : undefined;
}

function stepsOf(steps: z.infer<typeof processorFile>): OnnxDeclaration['preprocessing'] {
  const shorter = typeof steps.size === 'number' ? steps.size : steps.size?.shortest_edge;
  const isCut = steps.do_center_crop === true && shorter !== undefined;
  const isNormalised = steps.do_normalize !== false;
  return given({
    resize: steps.do_resize === false ? undefined : isCut ? ('crop' as const) : ('stretch' as const),
    resize_to: isCut ? shorter : undefined,
    value_range: steps.do_rescale === false ? ([0, 255] as [number, number]) : undefined,
    mean: isNormalised ? steps.image_mean : undefined,
    std: isNormalised ? steps.image_std : undefined,
  });
}
