import { z } from 'zod';
import { given } from '../../shared/given.ts';
import {
  describedDefinition,
  describedField,
  type DescribedDefinition,
  type DescribedField,
} from '../../shared/plugin/description.ts';
import type { PluginKind } from '../../shared/plugin/manifest.ts';
import { describe, type Field } from '../../shared/schema/describe.ts';
import { explainIssue, valueAt } from '../../shared/schema/problems.ts';
import { splitFields } from '../data/datasets/fields.ts';
import { poisonFields } from '../data/triggers/trigger.ts';
import { commonParams } from '../detectors/detector.ts';
import { DefinitionFault } from './find-fault.ts';

/** A definition as a plugin exports it. What it is shows by what it can do. */
export type Exported = Readonly<Record<string, unknown>> & { readonly id: string; readonly params: z.ZodObject };

/** Functions by which a definition of a kind is known; the first kind whose functions are all there is it. */
const marks: readonly [PluginKind, readonly string[]][] = [
  ['detector', ['fit', 'score']],
  ['trigger', ['create']],
  ['dataset', ['load', 'facts']],
  ['model', ['open']],
];

/** Parameters that the program adds to those of a kind. */
const sharedParams: Partial<Record<PluginKind, object>> = {
  detector: commonParams,
  trigger: poisonFields,
  dataset: splitFields,
};

/** Returns the definitions that a module exports by default: one, or a list of them. @throws DefinitionFault. */
export function definitionsOf(module: Readonly<Record<string, unknown>>): Exported[] {
  const exported = module['default'];
  if (exported === undefined)
    throw new DefinitionFault(['default'], 'expected a definition or a list of them as the default export, found none');
  const list: unknown[] = Array.isArray(exported) ? exported : [exported];
  return list.map((value, i) => {
    const place = Array.isArray(exported) ? ['default', String(i)] : ['default'];
    const given = value as Partial<Exported> | null;
    if (
      typeof given !== 'object' ||
      given === null ||
      typeof given.id !== 'string' ||
      !(given.params instanceof z.ZodObject)
    )
      throw new DefinitionFault(
        place,
        'expected what defineDetector, defineTrigger, defineDataset, defineModel or defineModelTask returns',
      );
    kindOf(given as Exported);
    return given as Exported;
  });
}

/** @throws DefinitionFault if it is of no kind that a plugin can add. */
export function kindOf(definition: Exported): PluginKind {
  const found = marks.find(([, names]) => names.every((name) => typeof definition[name] === 'function'));
  if (found) return found[0] === 'model' && definition['isTask'] === true ? 'task' : found[0];
  throw new DefinitionFault([definition.id], 'expected a detector, trigger, dataset, model or task');
}

/** Returns what a definition says of itself. @throws DefinitionFault for what cannot be said across a pipe. */
export function describeDefinition(definition: Exported): DescribedDefinition {
  const kind = kindOf(definition);
  const shared = sharedParams[kind] ?? {};
  const own = z.object(
    Object.fromEntries(Object.entries(definition.params.shape).filter(([key]) => !Object.hasOwn(shared, key))),
  );
  const { id, title, summary, source, details } = definition as Record<string, unknown>;
  const words = {
    kind,
    id,
    title,
    summary,
    ...given({ source, details }),
    fields: fieldsOf(own, id as string),
  };
  const described = describedDefinition.safeParse({ ...words, ...particularsOf(kind, definition) });
  if (described.success) return described.data;
  const [issue] = described.error.issues;
  throw new DefinitionFault(
    [definition.id, ...issue!.path.map(String)],
    explainIssue(issue!, valueAt(words, issue!.path)),
  );
}

function particularsOf(
  kind: PluginKind,
  { id, needs, dependsOnBatch, dependsOnScale, changes, anomalous, normal, threat }: Exported,
): object {
  if (kind === 'model' || kind === 'task') return given({ anomalous, normal, threat });
  if (kind === 'trigger') return { changes: changes ?? 'images' };
  if (kind !== 'detector') return {};
  if ((needs as { gradients?: boolean }).gradients)
    throw new DefinitionFault(
      [id, 'needs', 'gradients'],
      'a detector of a plugin cannot have gradients, as the model stays in the program; activations, logits and inputs are what it can have',
    );
  return { needs, ...given({ dependsOnBatch, dependsOnScale }) };
}

function fieldsOf(params: z.ZodObject, definition: string): DescribedField[] {
  return Object.entries(params.shape).map(([key, schema]) => {
    const place = [definition, 'params', key];
    let field: Field;
    try {
      field = describe(z.object({ [key]: schema as z.ZodType }))[0]!;
    } catch (error) {
      throw new DefinitionFault(
        place,
        `${(error as Error).message}; declare it with number, integer, flag, choice, text, ...`,
      );
    }
    const plain = plainField(field, place);
    const described = describedField.safeParse(plain);
    if (described.success) return described.data;
    const [issue] = described.error.issues;
    throw new DefinitionFault(
      [...place, ...issue!.path.map(String)],
      explainIssue(issue!, valueAt(plain, issue!.path)),
    );
  });
}

function plainField(field: Field, place: readonly string[]): unknown {
  const {
    type,
    registry,
    options,
    titles,
    required,
    isPath,
    pathForm,
    default: fallback,
    omit,
    fields,
    ...words
  } = field;
  if (pathForm !== undefined || omit !== undefined || fields !== undefined || type === 'pick-record')
    throw new DefinitionFault(place, 'fields of this kind are for the program’s own definitions');
  const isOptional = !required && fallback === undefined && type !== 'names';
  const base = { ...words, ...(isOptional ? { optional: true } : {}) };
  if (isPath) return { ...base, type: 'path' };
  const value = given({ default: fallback });
  if (type === 'choice') return { ...base, type, options: [...options], ...given({ titles }), ...value };
  if (type === 'pick') return { ...base, type, registry: registry.kind, ...value };
  return { ...base, type, ...value };
}
