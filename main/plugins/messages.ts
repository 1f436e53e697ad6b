/**
 * What goes over the pipes between the program and the process of a plugin, in either language (docs/plugins.md,
 * "Protocol"). Each frame is the length of what follows (4 bytes, little-endian) and that many bytes of JSON in UTF-8.
 */
import { z } from 'zod';
import { describedDefinition } from '../../shared/plugin/description.ts';

export const protocolVersion = 1;

/** Most bytes of a frame; arrays do not count, as they lie in files. */
export const mostFrameBytes = 16 * 2 ** 20;

const name = z.string().min(1).max(500);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/**
 * An array that lies in a file of the exchange folder, row-major and little-endian. It stays as it is until the receiver has
 * asked for the next but one, or has answered.
 */
const arrayPlace = z.strictObject({
  /** A name without folders. */
  file: z.string().regex(/^[a-z0-9-]{1,40}$/),
  /** First byte. */
  at: count,
  type: z.enum(['float32', 'float64', 'int32', 'uint8']),
  shape: z.array(count).max(8),
});
export type ArrayPlace = z.infer<typeof arrayPlace>;

const arrays = z.record(name, arrayPlace);

/** Some samples: `layers` by name `[size, dims]`, `labels` and `indices` `[size]`, `logits` `[size, classes]`, `inputs` `[size, ...]`. */
const batch = z.strictObject({
  size: count,
  indices: arrayPlace,
  labels: arrayPlace,
  layers: arrays,
  logits: arrayPlace.optional(),
  inputs: arrayPlace.optional(),
});
export type PlacedBatch = z.infer<typeof batch>;

const stream = z.strictObject({ length: count, anomalous: arrayPlace.optional() });
const streamName = z.enum(['trusted', 'untrusted']);
const params = z.record(z.string(), z.unknown());
const state = z.strictObject({ tensors: arrays, values: z.record(name, z.union([z.number(), z.string()])) });

/** Samples of a model or dataset that is a plugin's. */
const half = z.enum(['train', 'test']);
const part = z.enum(['trusted', 'untrusted', 'test']);

/** What the program asks of a plugin. A question follows the answer to the one before; `cancel` may come at any time. */
export const question = z.discriminatedUnion('ask', [
  z.strictObject({
    ask: z.literal('hello'),
    id: count,
    protocol: z.int(),
    program: z.string(),
    folder: z.string(),
    entry: z.string(),
    /** The exchange folder. */
    exchange: z.string(),
  }),
  z.strictObject({ ask: z.literal('describe'), id: count }),
  z.strictObject({
    ask: z.literal('fit'),
    id: count,
    definition: name,
    params,
    layers: z.array(z.strictObject({ name, dims: count })),
    trusted: stream.optional(),
    untrusted: stream.optional(),
    /** All randomness follows from it. */
    seed: count,
  }),
  /** Hands over what was fitted, perhaps by another process; `score` then needs nothing else. */
  z.strictObject({ ask: z.literal('load'), id: count, definition: name, params, state, seed: count }),
  z.strictObject({ ask: z.literal('score'), id: count, batch }),
  /** A dataset's arrays. */
  z.strictObject({ ask: z.literal('dataset'), id: count, definition: name, params, half, seed: count }),
  /** Changes samples `[n, ...shape]`; `decoy` asks for the harmless change of the same kind. */
  z.strictObject({
    ask: z.literal('trigger'),
    id: count,
    definition: name,
    params,
    samples: arrayPlace,
    vocabulary: z.array(z.string()).optional(),
    /** A number a sample, from which its randomness follows, `[n]`. */
    seeds: arrayPlace,
  }),
  /** Opens a model or task: its layers and its parts. */
  z.strictObject({ ask: z.literal('open'), id: count, definition: name, params, seed: count }),
  /** Activations of some samples of a part, by layer; of sequences those of all their tokens, one after another. */
  z.strictObject({
    ask: z.literal('activations'),
    id: count,
    part,
    indices: arrayPlace,
    layers: z.array(name),
    logits: z.boolean(),
  }),
  z.strictObject({ ask: z.literal('cancel'), of: count }),
  /** The answer to a call: a batch, or null at the end of a pass. */
  z.strictObject({ ask: z.literal('take'), batch: batch.nullable() }),
]);
export type Question = z.infer<typeof question>;

/** Where in a plugin's files something went wrong, and what. */
const pluginFault = z.strictObject({
  message: z.string().max(4_000),
  /** A file in the plugin's folder, and its line, counted from 1. */
  file: z.string().max(500).optional(),
  line: z.int().optional(),
  /** Path in a definition: ["fields", "k", "min"]. */
  place: z.array(z.string()).max(20).optional(),
  traceback: z.string().max(20_000).optional(),
  /** A package that could not be imported. */
  missing: z.string().max(200).optional(),
  cancelled: z.boolean().optional(),
});
export type PluginFault = z.infer<typeof pluginFault>;

/** What is known of the samples of a part, a row each: texts or tokens to show, a group. */
const partFacts = z.strictObject({
  length: count,
  /** 1 = anomalous, `[length]`; test parts have it, untrusted ones may. */
  labels: arrayPlace.optional(),
  /** Tokens of each sample where they differ, `[length]`. */
  lengths: arrayPlace.optional(),
  texts: z.array(z.string().max(10_000)).optional(),
  /** Samples of a group are not independent, `[length]`. */
  groups: arrayPlace.optional(),
  /** SHA-256 (hex) over what determines its samples. */
  fingerprint: z.string().max(128),
});

/** What a plugin sends. `call` asks for data while it answers `fit`; `say` needs no answer. */
export const answer = z.union([
  z.strictObject({ id: count, error: pluginFault }),
  z.strictObject({
    id: count,
    hello: z.strictObject({
      protocol: z.int(),
      language: z.string(),
      version: z.string(),
      executable: z.string(),
      packages: z.record(name, z.string()),
    }),
  }),
  z.strictObject({ id: count, definitions: z.array(describedDefinition).max(200) }),
  z.strictObject({ id: count, state }),
  z.strictObject({ id: count, loaded: z.literal(true) }),
  z.strictObject({ id: count, scores: arrays }),
  z.strictObject({
    id: count,
    dataset: z.strictObject({
      /** `[n, ...shape]`: uint8 images 0 to 255, or float32. */
      inputs: arrayPlace,
      labels: arrayPlace,
      classes: z.array(z.string().max(200)).max(10_000),
      vocabulary: z.array(z.string().max(200)).max(1_000_000).optional(),
    }),
  }),
  z.strictObject({ id: count, samples: arrayPlace }),
  z.strictObject({
    id: count,
    opened: z.strictObject({
      layers: z.array(z.strictObject({ name, shape: z.array(count).min(1).max(2), isRagged: z.boolean() })).max(10_000),
      logits: count.optional(),
      parts: z.partialRecord(part, partFacts),
      /** Changes with whatever the activations depend on besides the samples: a hash of the weights. */
      fingerprint: z.string().max(128),
    }),
  }),
  z.strictObject({ id: count, activations: arrays, logits: arrayPlace.optional() }),
  z.strictObject({ call: z.literal('batch'), of: count, stream: streamName, restart: z.boolean() }),
  z.strictObject({ say: z.literal('progress'), phase: z.string().max(100), done: z.number(), total: z.number() }),
  z.strictObject({ say: z.literal('log'), text: z.string().max(10_000) }),
]);
export type Answer = z.infer<typeof answer>;
