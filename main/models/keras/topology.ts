import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { explainFaults } from '../../../shared/schema/problems.ts';
import { graphInput } from '../graph/layer-graph.ts';

/** A layer of a Keras model, with the layers whose outputs it takes; the models inside a model are taken apart. */
export interface KerasLayer {
  /** A name of its own in the whole model, of letters, digits, _ and -. */
  readonly name: string;
  /** What Keras calls it. */
  readonly kerasName: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly string[];
}

/** The layers in an order in which they can run, the last one giving the output, and the shape of one input. */
export interface KerasTopology {
  readonly layers: readonly KerasLayer[];
  readonly inputShape: readonly (number | null)[];
}

const mostLayers = 4000;
/** Models inside models. */
const mostLevels = 16;

const word = z.string().min(1).max(1000);
const config = z.record(z.string().max(1000), z.unknown());
const layerSchema = z.object({
  name: word.optional(),
  class_name: word,
  config,
  inbound_nodes: z.array(z.unknown()).max(1000).nullish(),
});
type Layer = z.infer<typeof layerSchema>;
const model = z.object({ class_name: word, config: z.union([config, z.array(z.unknown())]) });
const modelConfig = z.object({
  layers: z.array(z.unknown()).min(1).max(mostLayers),
  input_layers: z.unknown().optional(),
  output_layers: z.unknown().optional(),
});
/** `["conv1", 0, 0, {}]`: the output of a layer. */
const reference = z.tuple([word, z.int(), z.int()]).rest(z.unknown());
/** Keras 3 writes the same inside of the description of a tensor. */
const kerasTensor = z.object({
  class_name: z.literal('__keras_tensor__'),
  config: z.object({ keras_history: reference }),
});
const call = z.object({ args: z.array(z.unknown()).max(1000) });
const size = z.int().positive();
const batchShape = z.array(size.nullable()).min(2).max(8);

/** What an answer about one layer begins with. */
export const layerWords = (source: string, kerasName: string, className: string) =>
  `"${source}": the layer "${kerasName}" of class ${className}`;

/**
 * The layers of a model as Keras and TensorFlow.js write them (`modelTopology`).
 * @throws CupbearerError `bad-data` naming `source` if it is no such model, or one of several inputs or outputs.
 */
export function parseTopology(content: unknown, source: string): KerasTopology {
  const topology = content as { model_config?: unknown } | null;
  const outer = checked(model, topology?.model_config ?? content, source);
  const reader = new TopologyReader(source);
  const output = reader.model(outer, undefined, 0);
  if (reader.inputShape === undefined) {
    throw new CupbearerError('bad-data', `"${source}": expected the shape of the input, found none.`, {
      hint: 'Save the model with a batch_input_shape: build it with an Input layer.',
    });
  }
  return { layers: needed(reader.layers, output), inputShape: reader.inputShape };
}

function checked<S extends z.ZodType>(schema: S, value: unknown, source: string): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = explainFaults(parsed.error.issues, value);
  throw new CupbearerError('bad-data', `"${source}" does not describe a Keras model. ${faults}`);
}

/** The layers that the output is made of, with that of the output last. */
function needed(layers: readonly KerasLayer[], output: string): KerasLayer[] {
  const wanted = new Set([output]);
  for (const { name, inputs } of layers.toReversed())
    if (wanted.has(name)) for (const input of inputs) wanted.add(input);
  const found = layers.filter(({ name }) => wanted.has(name));
  return [...found.filter(({ name }) => name !== output), ...found.filter(({ name }) => name === output)];
}

const modelClasses = new Set(['Model', 'Functional', 'Sequential']);

/** Reads models inside one another into one list of layers. */
class TopologyReader {
  readonly layers: KerasLayer[] = [];
  inputShape: readonly (number | null)[] | undefined;
  readonly #source: string;
  readonly #names = new Set([graphInput]);

  constructor(source: string) {
    this.#source = source;
  }

  /** Adds the layers of a model that takes what `input` is called, or the input of all; returns the name of its output. */
  model(
    { class_name: className, config: given }: z.infer<typeof model>,
    input: string | undefined,
    level: number,
  ): string {
    if (level > mostLevels) throw this.#bad(`expected at most ${mostLevels} models inside one another, found more`);
    if (!modelClasses.has(className))
      throw this.#bad(`expected a model of class Sequential, Functional or Model, found ${className}`);
    const { layers: listed, ...ends } = checked(
      modelConfig,
      Array.isArray(given) ? { layers: given } : given,
      this.#source,
    );
    const layers = listed.map((layer) => checked(layerSchema, layer, this.#source));
    return className === 'Sequential'
      ? this.#sequential(layers, input, level)
      : this.#functional(layers, ends, input, level);
  }

  #sequential(layers: readonly Layer[], input: string | undefined, level: number): string {
    let last = input ?? graphInput;
    for (const [at, layer] of layers.entries()) {
      if (at === 0 && input === undefined) this.#noteInput(layer);
      if (layer.class_name !== 'InputLayer') last = this.#add(layer, [last], level);
    }
    return last;
  }

  #functional(
    layers: readonly Layer[],
    ends: { input_layers?: unknown; output_layers?: unknown },
    input: string | undefined,
    level: number,
  ): string {
    const [inputs, outputs] = [this.#ends(ends.input_layers), this.#ends(ends.output_layers)];
    if (inputs.length !== 1) throw this.#bad(`expected one input, found ${inputs.length}: ${inputs.join(', ')}`);
    if (outputs.length !== 1) throw this.#bad(`expected one output, found ${outputs.length}: ${outputs.join(', ')}`);
    const made = new Map<string, string>();
    const waiting = new Map(layers.map((layer) => [nameOf(layer), layer]));
    if (waiting.size < layers.length) throw this.#bad('expected a name of its own for each layer, found one twice');
    while (waiting.size > 0) {
      const before = waiting.size;
      for (const [name, layer] of waiting) {
        const sources = this.#inbound(layer);
        if (layer.class_name === 'InputLayer') {
          if (name !== inputs[0])
            throw this.#bad(`expected the layer "${inputs[0]!}" as the one input, found "${name}"`);
          if (input === undefined) this.#noteInput(layer);
          made.set(name, input ?? graphInput);
        } else if (sources.every((source) => made.has(source))) {
          made.set(
            name,
            this.#add(
              layer,
              sources.map((source) => made.get(source)!),
              level,
            ),
          );
        } else continue;
        waiting.delete(name);
      }
      if (waiting.size < before) continue;
      const [[name, layer]] = waiting as unknown as [[string, Layer]];
      const missing = this.#inbound(layer).find((source) => !made.has(source));
      throw this.#bad(`the layer "${name}" takes the output of "${missing!}", which is not there or depends on it`);
    }
    const output = made.get(outputs[0]!);
    if (output === undefined) throw this.#bad(`expected the output layer "${outputs[0]!}", found none of that name`);
    return output;
  }

  #add(layer: Layer, inputs: readonly string[], level: number): string {
    const { class_name: className, config: own } = layer;
    const kerasName = nameOf(layer);
    if (modelClasses.has(className)) {
      if (inputs.length !== 1) throw this.#bad(`expected one input of "${kerasName}", found ${inputs.length}`);
      return this.model({ class_name: className, config: own }, inputs[0], level + 1);
    }
    if (this.layers.length >= mostLayers) throw this.#bad(`expected at most ${mostLayers} layers, found more`);
    if (inputs.length === 0) throw this.#bad(`expected an input of the layer "${kerasName}", found none`);
    const name = this.#freeName(kerasName.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 100));
    this.layers.push({ name, kerasName, className, config: own, inputs });
    return name;
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let k = 2; this.#names.has(name); k++) name = `${wanted}_${k}`;
    this.#names.add(name);
    return name;
  }

  #noteInput({ config: own }: Layer): void {
    const shape = batchShape.safeParse(own['batch_input_shape'] ?? own['batch_shape']);
    if (shape.success) this.inputShape = shape.data.slice(1);
  }

  /** Names of input or output layers: `[["a", 0, 0]]`, or `["a", 0, 0]` where there is one, or as Keras 3 has it. */
  #ends(value: unknown): string[] {
    const one = reference.safeParse(value);
    if (one.success) return [one.data[0]];
    return checked(z.array(reference).max(1000), value, this.#source).map(([name]) => name);
  }

  /** Names of the layers that a layer takes the output of. */
  #inbound(layer: Layer): string[] {
    const nodes = layer.inbound_nodes ?? [];
    if (nodes.length > 1) throw this.#bad(`the layer "${nameOf(layer)}" is used ${nodes.length} times, expected once`);
    const found: string[] = [];
    for (const node of nodes) {
      const asCall = call.safeParse(node);
      if (asCall.success) this.#tensors(asCall.data.args, found);
      else for (const each of checked(z.array(reference).max(1000), node, this.#source)) this.#take(each, found);
    }
    return found;
  }

  #tensors(values: readonly unknown[], found: string[]): void {
    for (const value of values) {
      const tensor = kerasTensor.safeParse(value);
      if (tensor.success) this.#take(tensor.data.config.keras_history, found);
      else if (Array.isArray(value) && value.length <= 1000) {
        for (const inner of value) {
          const { config: own } = checked(kerasTensor, inner, this.#source);
          this.#take(own.keras_history, found);
        }
      } else checked(kerasTensor, value, this.#source);
    }
  }

  /** Of which use of a layer an output is says nothing here: each is used once, a model inside counts its own building. */
  #take([name, , tensor]: z.infer<typeof reference>, found: string[]): void {
    if (tensor !== 0) throw this.#bad(`expected the first output of "${name}", found output ${tensor}`);
    found.push(name);
  }

  #bad(sentence: string): CupbearerError {
    return new CupbearerError('bad-data', `"${this.#source}": ${sentence}.`);
  }
}

function nameOf({ name, config: own, class_name: className }: Layer): string {
  return name ?? (typeof own['name'] === 'string' ? own['name'] : className);
}
