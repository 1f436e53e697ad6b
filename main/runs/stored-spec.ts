import { z } from 'zod';
import type { RunKind } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import type { evalDetectorParams } from './detector-params.ts';
import { importedClassifierParams } from './imported-classifier.ts';
import { parseSpec, runDefinitionOf } from './index.ts';
import { parameterLabel } from './parameter-label.ts';
import type { ParsedSpec } from './parsed-spec.ts';
import type { trainDetectorParams } from './detector-params.ts';

/** What a spec of each kind may hold. Of a model that was imported, any part may be unknown. */
interface StoredParams {
  classifier: Partial<z.output<typeof importedClassifierParams>>;
  detector: z.output<typeof trainDetectorParams>;
  evaluation: z.output<typeof evalDetectorParams>;
}

interface Reading {
  /** What is not valid, or what this version does not know, as it was found. */
  readonly unread: Readonly<Record<string, unknown>>;
}

/** A spec as its schema asks for it, those parameters that were left out with their defaults. */
interface ValidSpec<Params> extends Reading {
  readonly sound: Params;
  readonly fault: null;
}

/** A spec of which something is not valid. */
interface FaultySpec<Params> extends Reading {
  /** Its parameters, as far as each is valid by itself. */
  readonly sound: Partial<Params>;
  /** What is wrong, one sentence a fault. */
  readonly fault: string;
}

/** A spec from the catalogue or from a folder, which anybody may have written, as its schema has read it. */
export type StoredSpec<Kind extends RunKind = RunKind> = {
  [K in Kind]: { readonly kind: K } & (ValidSpec<StoredParams[K]> | FaultySpec<StoredParams[K]>);
}[Kind];

/** Reads the spec of a run; never throws, whatever it holds. */
export function readStoredSpec<Kind extends RunKind>(
  kind: Kind,
  spec: Readonly<Record<string, unknown>>,
): StoredSpec<Kind> {
  const isImported = kind === 'classifier' && spec['imported'] === true;
  const params = isImported ? importedClassifierParams : runDefinitionOf(kind).params;
  const parsed = params.safeParse(spec);
  const { sound, issues } = parsed.success ? { sound: parsed.data, issues: [] } : soundPart(params, spec);
  return {
    kind,
    // Of a training elsewhere, only what is stated is known.
    sound: isImported ? entriesOf(sound, (key) => Object.hasOwn(spec, key)) : sound,
    unread: entriesOf(spec, (key) => !Object.hasOwn(sound, key)),
    fault: issues.length === 0 ? null : `Its spec is not valid: ${explainFaults(issues, spec, nameInSpec)}`,
    // The very schema of the kind has parsed each of its parameters.
  } as StoredSpec<Kind>;
}

/** Returns the parameters of a spec that are valid by themselves, and what is wrong with the others. */
function soundPart(
  { shape }: z.ZodObject,
  spec: Readonly<Record<string, unknown>>,
): { sound: Record<string, unknown>; issues: z.core.$ZodIssue[] } {
  const sound: Record<string, unknown> = {};
  const issues: z.core.$ZodIssue[] = [];
  for (const [key, field] of Object.entries<z.core.$ZodType>(shape)) {
    const parsed = z.safeParse(field, Object.hasOwn(spec, key) ? spec[key] : undefined);
    if (!parsed.success) issues.push(...parsed.error.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] })));
    else if (parsed.data !== undefined) sound[key] = parsed.data;
  }
  return { sound, issues };
}

const entriesOf = (values: Readonly<Record<string, unknown>>, isWanted: (key: string) => boolean) =>
  Object.fromEntries(Object.entries(values).filter(([key]) => isWanted(key)));

/** Names a parameter by its label, or by its keys if it has none. */
const nameInSpec = (path: readonly string[]) => (path.length === 0 ? '' : `“${parameterLabel(path)}”`);

/** A spec of which nothing can be read. */
export function unreadableSpec(kind: RunKind, fault: string): StoredSpec {
  return { kind, sound: {}, unread: {}, fault };
}

/**
 * Returns a stored spec for the command that repeats the run.
 * @throws CupbearerError `bad-data` with a sentence per fault if it is not valid, `conflict` if {@link
 * trainingUnknown}.
 */
export function specToRepeat<Kind extends RunKind>(stored: StoredSpec<Kind>): ParsedSpec<Kind> {
  if (stored.fault !== null) throw notRepeatable(stored.fault);
  if (stored.kind === 'classifier' && !('train_data' in stored.sound)) throw trainingUnknown();
  return parseSpec(stored.kind, stored.sound);
}

/** What cannot be done with a run whose spec is not valid. */
export function notRepeatable(fault: string): CupbearerError {
  return new CupbearerError('bad-data', `This run cannot be done again. ${fault}`);
}

/** Refuses what needs the training data of a model that are not stated. */
export function trainingUnknown(): CupbearerError {
  return new CupbearerError('conflict', 'The training data of this model are not stated.', {
    hint: 'State them on the screen "Models" first.',
  });
}
