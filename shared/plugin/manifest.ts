import { z } from 'zod';

/** The file that makes a folder a plugin. It is read, never run. */
export const manifestName = 'cupbearer.plugin.json';

/** What a plugin can add: definitions of these kinds. */
export const pluginKinds = ['detector', 'task', 'model', 'dataset', 'trigger'] as const;
export type PluginKind = (typeof pluginKinds)[number];

/** Names as flags, files and the catalogue can hold them: `my-idea`, `toy_task`. */
export const definitionId = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/, 'must be lower-case words with - or _ between them, such as "my-idea"');

const semver = z
  .string()
  .max(64)
  .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be a version such as "0.1.0"');

/** A file inside the plugin's folder, with `/` between folders. */
const placeInside = z
  .string()
  .min(1)
  .max(200)
  .refine(
    (path) => !/[\\:\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'must be a file inside the plugin\u2019s folder, with / between folders',
  );

/** A definition that a plugin adds, as people are told before any of its code runs. */
const addition = z.strictObject({
  kind: z.enum(pluginKinds),
  id: definitionId,
  /** What it is, in a line. */
  summary: z.string().max(300).optional(),
});

/** {@link manifestName}: what a plugin says of itself before any of its code runs. */
export const manifestSchema = z.strictObject({
  /** Address of a schema for editors; not read. */
  $schema: z.string().max(300).optional(),
  id: definitionId,
  version: semver,
  language: z.enum(['typescript', 'python']),
  /** The file with the definitions. */
  entry: placeInside,
  adds: z.array(addition).min(1).max(200),
  /** The oldest version of the program that it works with. */
  cupbearer: semver.optional(),
  title: z.string().max(100).optional(),
  summary: z.string().max(300).optional(),
  author: z.string().max(200).optional(),
  /** Python: the oldest version, "3.10", and the packages that it imports, as pip names them. */
  python: z
    .string()
    .regex(/^3\.\d{1,2}$/, 'must be a version of Python such as "3.10"')
    .optional(),
  packages: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z0-9,_-]+\])?([<>=!~]=?[0-9.*]+)?$/))
    .max(50)
    .optional(),
  limits: z
    .strictObject({
      /** How long it may neither answer, ask for data nor report progress. */
      silent_seconds: z.number().min(1).max(86_400).optional(),
      /** The most memory that its process may take; four fifths of what is free when it starts unless given. */
      memory_gib: z.number().min(0.1).max(4096).optional(),
    })
    .optional(),
});
export type PluginManifest = z.infer<typeof manifestSchema>;

/** Which plugin, and exactly what of it: results of different hashes are different results. */
export const pluginVersionSchema = z.strictObject({
  id: definitionId,
  version: semver,
  /** SHA-256 (hex) of all its files. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type PluginVersion = z.infer<typeof pluginVersionSchema>;
