import type { z } from 'zod';
import type { RunKind } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import type { evalDetectorParams } from './eval-detector.ts';
import { importedClassifierParams } from './imported-classifier.ts';
import { experimentOf } from './index.ts';
import type { trainDetectorParams } from './train-detector.ts';

/** What a spec of each kind may hold. */
interface StoredParams {
  classifier: z.output<typeof importedClassifierParams>;
  detector: z.output<typeof trainDetectorParams>;
  evaluation: z.output<typeof evalDetectorParams>;
}

interface Reading<Params> {
  /** Its parameters, as far as each is valid by itself; those left out have their defaults. */
  readonly sound: Partial<Params>;
  /** What is not valid, or what this version does not know, as it was found. */
  readonly unread: Readonly<Record<string, unknown>>;
  /** What is not valid, one sentence a fault; null where the run can be repeated by its spec. */
  readonly fault: string | null;
}

/** A spec from the catalogue or from a folder, which anybody may have written, after it was read by its schema. */
export type StoredSpec = { [Kind in RunKind]: { readonly kind: Kind } & Reading<StoredParams[Kind]> }[RunKind];

/** Reads the spec of a run of a kind, whatever it holds. */
export function readStoredSpec(kind: RunKind, spec: Readonly<Record<string, unknown>>): StoredSpec {
  const isImported = kind === 'classifier' && spec['imported'] === true;
  const params = isImported ? importedClassifierParams : experimentOf(kind).params;
  const parsed = params.safeParse(spec);
  const { sound, issues } = parsed.success ? { sound: parsed.data, issues: [] } : soundPart(params, spec);
  return {
    kind,
    // Of a training elsewhere, nothing is known but what is stated.
    sound: isImported ? entriesOf(sound, (key) => Object.hasOwn(spec, key)) : sound,
    unread: entriesOf(spec, (key) => !Object.hasOwn(sound, key)),
    fault: issues.length === 0 ? null : explainFaults(issues, spec),
    // The very schema of the kind has parsed each of its parameters.
  } as StoredSpec;
}

/** The parameters of a spec that are valid by themselves, and what is wrong with the others. */
function soundPart(
  { shape }: z.ZodObject,
  spec: Readonly<Record<string, unknown>>,
): { sound: Record<string, unknown>; issues: z.core.$ZodIssue[] } {
  const sound: Record<string, unknown> = {};
  const issues: z.core.$ZodIssue[] = [];
  for (const [key, field] of Object.entries(shape)) {
    const parsed = (field as z.ZodType).safeParse(Object.hasOwn(spec, key) ? spec[key] : undefined);
    if (!parsed.success) issues.push(...parsed.error.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] })));
    else if (parsed.data !== undefined) sound[key] = parsed.data;
  }
  return { sound, issues };
}

const entriesOf = (values: Readonly<Record<string, unknown>>, isWanted: (key: string) => boolean) =>
  Object.fromEntries(Object.entries(values).filter(([key]) => isWanted(key)));

/** A spec of which nothing can be read. */
export function unreadableSpec(kind: RunKind, fault: string): StoredSpec {
  return { kind, sound: {}, unread: {}, fault };
}

/**
 * The spec of a run as the command that repeats the run takes it.
 * @throws CupbearerError `bad-data` with a sentence per fault where it is not one, `conflict` for a model of which nobody has
 * said what it was trained on.
 */
export function repeatableSpec(kind: RunKind, spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const stored = readStoredSpec(kind, spec);
  if (stored.fault !== null) throw new CupbearerError('bad-data', `This run cannot be repeated. ${stored.fault}`);
  if (stored.kind === 'classifier' && stored.sound.train_data === undefined)
    throw new CupbearerError('conflict', 'This model was imported without word of what it was trained on.', {
      hint: 'Say it on the screen "Models" first.',
    });
  return experimentOf(kind).params.parse(stored.sound);
}
