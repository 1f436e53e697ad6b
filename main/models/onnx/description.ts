import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import { explainFaults } from '../../../shared/schema/problems.ts';
import { writeFileAtomically } from '../../storage/atomic-write.ts';
import { toJsonText } from '../../storage/json-text.ts';
import { within } from '../../storage/within-folder.ts';

/** The format of `model.json` for a model that is an ONNX graph; 1 is that of the program's own networks. */
export const onnxFormat = 2;

/** How much ONNX Runtime may change a graph before it runs, most first. */
export const optimizationLevels = ['all', 'extended', 'basic', 'disabled'] as const;
export type OptimizationLevel = (typeof optimizationLevels)[number];

const name = z.string().max(4096);
const mostSide = 2 ** 20;
const mostClasses = 2 ** 16;

/** A list whose length is looked at before any of its values is. */
function list<S extends z.ZodType>(value: S, least: number, most: number) {
  return z.array(z.unknown()).min(least).max(most).pipe(z.array(value));
}

const shape = list(z.int().positive().max(mostSide), 0, 8);

export const resizeRules = ['none', 'stretch', 'crop', 'pad'] as const;
export const channelOrders = ['rgb', 'bgr'] as const;
export const imageLayouts = ['nchw', 'nhwc'] as const;

const preprocessing = z.object({
  resize: z.enum(resizeRules),
  /** With "crop": what the shorter side is made before the middle is cut out. */
  resize_to: z.int().positive().max(mostSide).exactOptional(),
  channel_order: z.enum(channelOrders),
  layout: z.enum(imageLayouts),
  /** What values of 0 to 1 become. */
  value_range: z.tuple([z.number(), z.number()]),
  /** Subtracted afterwards, then what is divided by, one a channel or one for all. */
  mean: list(z.number(), 1, 4096),
  std: list(z.number().positive(), 1, 4096),
});
export type Preprocessing = z.infer<typeof preprocessing>;

const onnxModelFile = z.object({
  format: z.literal(onnxFormat),
  graph: z.object({
    /** What the file was called. */
    name,
    /** Files beside it in which tensors lie. */
    external: list(name, 0, 10_000),
    input: name,
    /** Sizes of the input's axes after that of samples. */
    input_axes: shape,
    /** Whether samples are put in one by one, because the graph takes no more. */
    one_by_one: z.boolean(),
    /** The value with one number a class. */
    output: name,
    output_is: z.enum(['logits', 'probabilities']),
    optimization: z.enum(optimizationLevels),
    /** Whether all layers are outputs whichever are asked for, because values would depend on that. */
    shows_all: z.boolean(),
    operator_sets: z.record(name, z.int()),
  }),
  input_shape: list(z.int().positive().max(mostSide), 1, 8),
  classes: list(z.string().max(1000), 1, mostClasses),
  vocabulary: z
    .int()
    .positive()
    .max(2 ** 24)
    .exactOptional(),
  /** Left out for texts. */
  preprocessing: preprocessing.exactOptional(),
  layers: list(
    z.object({
      name,
      operator: name,
      /** Of one sample, channels last. */
      shape,
      /** Whether the graph has its channels first. */
      channels_first: z.boolean(),
    }),
    1,
    100_000,
  ),
  default_layers: list(name, 1, 1000),
  /** How often it was right on labelled data, as it was imported. */
  checked: z.object({ data: name, samples: z.int(), accuracy: z.number() }).exactOptional(),
});
/** What `model.json` says of a model that is an ONNX graph. */
export type OnnxModel = z.infer<typeof onnxModelFile>;

/** What people and files beside a graph may say of it; the rest is seen from the graph. */
export const onnxDeclaration = z.looseObject({
  input_shape: onnxModelFile.shape.input_shape.exactOptional(),
  classes: onnxModelFile.shape.classes.exactOptional(),
  vocabulary: onnxModelFile.shape.vocabulary,
  output: name.exactOptional(),
  preprocessing: preprocessing.partial().exactOptional(),
});
export type OnnxDeclaration = z.infer<typeof onnxDeclaration>;

/** Bounds of such a description: thousands of layers have long names. */
export const onnxDescriptionBounds = { mostDepth: 16, mostBytes: 2 ** 25 };

/** Whether `content` is meant to describe an ONNX model. */
export function isOnnxDescription(content: unknown): boolean {
  const { format, graph } = (content ?? {}) as { format?: unknown; graph?: unknown };
  return format === onnxFormat && typeof graph === 'object';
}

/** Parses what `model.json` holds. @throws CupbearerError `bad-data` naming `source`. */
export function parseOnnxModel(content: unknown, source: string): OnnxModel {
  const parsed = onnxModelFile.safeParse(content);
  if (!parsed.success) {
    const faults = explainFaults(parsed.error.issues, content);
    throw new CupbearerError('bad-data', `"${source}" does not describe an ONNX model. ${faults}`);
  }
  const { data } = parsed;
  const known = new Set(data.layers.map((layer) => layer.name));
  const unknown = [...data.default_layers, data.graph.output].find((layer) => !known.has(layer));
  if (unknown !== undefined) {
    throw new CupbearerError('bad-data', `"${source}": expected "${unknown}" among the layers, found it nowhere.`);
  }
  return data;
}

/** Writes `model.json`. */
export function writeOnnxModel(folder: string, model: OnnxModel): void {
  const { preprocessing: steps, vocabulary, checked, ...rest } = model;
  const content: z.input<typeof onnxModelFile> = { ...rest, ...given({ preprocessing: steps, vocabulary, checked }) };
  writeFileAtomically(within(folder, 'model.json'), toJsonText(content));
}
