import { z } from 'zod';
import { unknownName, type Definition, type Registry } from '../definition.ts';
import { CupbearerError } from '../errors.ts';
import { pathText } from './outside.ts';
import { explainIssue, valueAt } from './problems.ts';
import { given } from '../given.ts';
import type { Condition } from './in-force.ts';

/** What a person sees of a parameter. */
export interface FieldText {
  label: string;
  help: string;
  /** Unit of the value as written beside it: "px", "epochs", "%". */
  unit?: string;
  /** What is shown if it is left out, if that has a meaning: "All". */
  empty?: string;
  /** Rarely changed: forms hide it behind "More" while it has its default. */
  advanced?: boolean;
  /** How forms draw it, if the type does not determine that. */
  control?: Control;
  /** Parameters beside it on whose values it depends whether it has any effect; forms hide it where it has none. */
  when?: Condition;
  /** What a run records rather than what a person chooses: no form asks for it. */
  isRecorded?: boolean;
}

/**
 * Controls of their own in forms: `share`, a number of 0 to 1 as per cent with a slider; `corner`, a choice of places
 * in an image as tiles; `layers` and `layer`, activations chosen on a drawing of the network.
 */
export const controls = ['share', 'corner', 'layers', 'layer'] as const;
export type Control = (typeof controls)[number];

/** Most whole numbers of a list: a network of so many layers is deeper than any that is trained here. */
const mostIntegers = 100;
/** Most names of a list, definitions of a record, and characters of a text: far more than anybody writes. */
const mostNames = 10_000;
const mostPicks = 100;
const mostCharacters = 10_000;

/** Several paths with commas between them, each perhaps as `name=path`; or a name, which has neither a dot nor a slash. */
export type PathForm = 'list' | 'or-name';

interface NumberOptions extends FieldText {
  default: number;
  min?: number;
  max?: number;
}

/** What {@link describe} reads back from a schema; attached with zod's own metadata. */
export interface FieldMeta extends FieldText {
  [key: string]: unknown;
  registry?: Registry<Definition>;
  /** What a path may be besides the name of one file or folder; see {@link PathForm}. */
  pathForm?: PathForm;
  omit?: readonly string[];
  titles?: Readonly<Record<string, string>>;
}

function bounded<S extends z.ZodNumber | z.ZodInt>(schema: S, options: Omit<NumberOptions, 'default'>): S {
  let result = schema;
  if (options.min !== undefined) result = result.min(options.min) as S;
  if (options.max !== undefined) result = result.max(options.max) as S;
  return result;
}

function meta({ label, help, unit, empty, advanced, control, when, isRecorded }: FieldText): FieldMeta {
  return {
    label,
    help,
    ...given({ unit, empty, advanced, control, when, isRecorded }),
  };
}

/** Declares a real number with a default and, if given, an inclusive range. */
export function number(options: NumberOptions) {
  return bounded(z.number(), options).default(options.default).meta(meta(options));
}

/** Declares a whole number with a default and, if given, an inclusive range. */
export function integer(options: NumberOptions) {
  return bounded(z.int(), options).default(options.default).meta(meta(options));
}

/** A whole number that may be left out. */
export function optionalInteger(options: Omit<NumberOptions, 'default'>) {
  return bounded(z.int(), options).optional().meta(meta(options));
}

/** A real number that may be left out. */
export function optionalNumber(options: Omit<NumberOptions, 'default'>) {
  return bounded(z.number(), options).optional().meta(meta(options));
}

/** Yes or no. */
export function flag(options: FieldText & { default: boolean }) {
  return z.boolean().default(options.default).meta(meta(options));
}

/** One of a fixed set of words; `titles` has those that people write otherwise: `{ pgd: 'PGD' }`. */
export function choice<const T extends readonly [string, ...string[]]>(
  options: FieldText & { options: T; default: T[number]; titles?: Readonly<Partial<Record<T[number], string>>> },
) {
  // zod narrows the default's type further than a generic T can express.
  return z
    .enum(options.options)
    .default(options.default as never)
    .meta({ ...meta(options), ...(options.titles ? { titles: options.titles } : {}) });
}

/** A piece of text, for example a path. Empty text is refused. */
export function text(options: FieldText & { default: string }) {
  return z.string().min(1).max(mostCharacters).default(options.default).meta(meta(options));
}

/** A path that must be given; it is made absolute before a run stores it. */
export function requiredPath(options: FieldText) {
  return pathText.meta({ ...meta(options), isPath: true });
}

/** A path that may be left out; it is made absolute before a run stores it. */
export function optionalPath(options: FieldText) {
  return pathText.optional().meta({ ...meta(options), isPath: true });
}

/** Files or folders with commas between them, each alone or as `name=file`; made absolute like a path. */
export function requiredFiles(options: FieldText) {
  return pathText.meta({ ...meta(options), isPath: true, pathForm: 'list' });
}

/** The same, which may be left out. */
export function optionalFiles(options: FieldText) {
  return pathText.optional().meta({ ...meta(options), isPath: true, pathForm: 'list' });
}

/** A column of a table that lies elsewhere, or a file. */
export function columnOrFile(options: FieldText & { default: string }) {
  return pathText.default(options.default).meta({ ...meta(options), isPath: true, pathForm: 'or-name' });
}

/** The same, which may be left out. */
export function optionalColumnOrFile(options: FieldText) {
  return pathText.optional().meta({ ...meta(options), isPath: true, pathForm: 'or-name' });
}

/** A piece of text of a certain form; see {@link FieldText.isRecorded}. */
export function recordedText(options: FieldText & { default: string; form: RegExp }) {
  return z
    .string()
    .regex(options.form)
    .default(options.default)
    .meta(meta({ ...options, isRecorded: true }));
}

/** A piece of text that may be left out. */
export function optionalText(options: FieldText) {
  return z.string().min(1).max(mostCharacters).optional().meta(meta(options));
}

/** Whole numbers separated by commas, for example layer widths; a hundred at most. */
export function integers(
  options: FieldText & { default: readonly number[]; min?: number; max?: number; atLeast?: number },
) {
  return z
    .array(bounded(z.int(), options))
    .min(options.atLeast ?? 0)
    .max(mostIntegers)
    .default([...options.default])
    .meta(meta(options));
}

/** Names separated by commas; may be left out. */
export function optionalNames(options: FieldText) {
  return z.array(z.string().min(1).max(mostCharacters)).min(1).max(mostNames).optional().meta(meta(options));
}

/** A chosen definition with its parameters: `{ name: 'corner', target_class: 0, ... }`. */
export interface Picked {
  name: string;
  [param: string]: unknown;
}

/** What is picked from a registry: its definitions' common parameters are known by their types. */
type PickedOf<Common extends z.ZodRawShape> = keyof Common extends never
  ? Picked
  : Picked & z.output<z.ZodObject<Common>>;

interface PickOptions extends FieldText {
  /** The definition that is picked by default. */
  default?: string;
  /** Parameters of the definitions that make no sense in this place. */
  omit?: readonly string[];
}

/** By definition, then by what is left out: zod takes hundreds of times longer to make a schema than to use it. */
const madeSchemas = new WeakMap<Definition, Map<string, z.ZodObject>>();

/**
 * Returns the parameter schema of a definition without the parameters that are left out in this place. It refuses
 * unknown keys.
 */
export function paramsOf(definition: Definition, omit: readonly string[] = []): z.ZodObject {
  const made = madeSchemas.get(definition) ?? new Map<string, z.ZodObject>();
  madeSchemas.set(definition, made);
  const known = made.get(omit.join());
  if (known) return known;
  const shape = Object.fromEntries(Object.entries(definition.params.shape).filter(([key]) => !omit.includes(key)));
  const schema = z.strictObject(shape);
  made.set(omit.join(), schema);
  return schema;
}

/** Returns `value` if it names a definition, with its parameters beside the name. */
export function asPicked(value: unknown): Picked | undefined {
  return isPicked(value) ? value : undefined;
}

function isPicked(value: unknown): value is Picked {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}

/**
 * One definition out of a registry. Accepts the bare id or an object with the id as `name` and the parameters beside
 * it; outputs the object with all defaults filled in. The registry is asked when a value is parsed, so definitions may
 * refer to each other (a poisoned dataset picks the dataset that it poisons).
 */
export function pick<C extends z.ZodRawShape>(registry: () => Registry<Definition, C>, options: PickOptions) {
  return picking(registry, options);
}

/** Like {@link pick}, with `fallback` as the default. */
function picking<C extends z.ZodRawShape>(
  registry: () => Registry<Definition, C>,
  options: PickOptions,
  fallback?: string,
) {
  // A check that sets the value rather than a transform: for each value that zod transforms it makes a function that
  // outlives the value, and reading a hundred thousand specs would take hundreds of megabytes.
  const schema = z.unknown().check((payload) => {
    const value = payload.value ?? fallback;
    const given = typeof value === 'string' ? { name: value } : value;
    const refuse = (message: string) => void payload.issues.push({ code: 'custom', message, input: value, path: [] });
    const known = registry();
    if (!isPicked(given)) return refuse(`needs the name of a ${known.kind}: ${known.ids.join(', ')}.`);
    const { name, ...params } = given;
    if (!known.has(name)) return refuse(unknownName(known.kind, name, known.ids));
    const parsed = paramsOf(known.get(name), options.omit).safeParse(params);
    if (parsed.success) payload.value = { name, ...parsed.data };
    else for (const issue of parsed.error.issues) payload.issues.push({ ...issue, input: undefined });
  });
  return (schema as unknown as z.ZodType<PickedOf<C>, unknown>).meta({
    ...meta(options),
    pick: registry,
    ...(options.omit ? { omit: options.omit } : {}),
    pickDefault: options.default,
  });
}

/** As {@link pick}, but may be left out. */
export function optionalPick(registry: () => Registry<Definition>, options: PickOptions) {
  const inner = pick(registry, options);
  return inner.optional().meta({ ...inner.meta(), optional: true });
}

/** Like {@link pick}, with `options.default` as the default. */
export function defaultPick<C extends z.ZodRawShape>(
  registry: () => Registry<Definition, C>,
  options: PickOptions & { default: string },
) {
  const inner = picking(registry, options, options.default);
  return inner.prefault(options.default).meta({ ...inner.meta() });
}

/** Picks by a name of the user's own choosing: `--val_data.clean mnist`. */
export function pickRecord(registry: () => Registry<Definition>, options: PickOptions) {
  return z
    .record(z.string(), pick(registry, options))
    .refine((picks) => Object.keys(picks).length <= mostPicks, `allows at most ${mostPicks} of them.`)
    .optional()
    .meta({ ...meta(options), pick: registry, ...(options.omit ? { omit: options.omit } : {}), record: true });
}

/**
 * Parses `value` with `schema`.
 * @param name How the user calls a field, for example as a flag, from its path of keys.
 * @throws CupbearerError `usage` with one sentence per fault, each naming its field, what was expected and what was
 * found.
 */
export function parseParams<S extends z.ZodType>(
  schema: S,
  value: unknown,
  name: (path: readonly PropertyKey[]) => string = (path) => path.join('.'),
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => ({
    path: issue.path.map(String),
    problem: explainIssue(issue, valueAt(value, issue.path)),
  }));
  const sentences = faults.map(({ path, problem }) => `${name(path)} ${problem}`.trim());
  throw new CupbearerError('usage', sentences.join(' '), { details: { faults } });
}
