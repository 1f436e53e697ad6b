import type { z } from 'zod';

/**
 * What a part of a call's input names of the machine, so that a host can bound it:
 * - `path`: a file or folder;
 * - `training`: what a model was trained on, with paths among its parameters;
 * - `draft`: an experiment, with paths among its parameters;
 * - `run`: the id of a run whose data are read again from the paths in its parameters.
 */
export type Place = 'path' | 'training' | 'draft' | 'run';

/** A part of a call's input that names places. */
interface NamedPlace {
  place: Place;
  value: unknown;
}

/** Returns a schema that says what its value names of the machine. */
export function naming<S extends z.ZodType>(place: Place, schema: S): S {
  return schema.meta({ ...schema.meta(), place });
}

/** Returns what a schema says by {@link naming}; undefined if it says nothing. */
export function placeOf(schema: z.ZodType): Place | undefined {
  return schema.meta()?.['place'] as Place | undefined;
}

/** Returns all that a value names of the machine by its schema, which it need not fit. */
export function placesIn(schema: z.ZodType, value: unknown): NamedPlace[] {
  const place = placeOf(schema);
  if (place !== undefined) return [{ place, value }];
  return partsOf(schema).flatMap(({ key, part }) => {
    if (key === undefined) return placesIn(part, value);
    if (typeof value !== 'object' || value === null) return [];
    const values = key === everyElement ? Object.values(value) : [(value as Record<string, unknown>)[key]];
    return values.flatMap((inside) => placesIn(part, inside));
  });
}

/** Stands for the key of what an array or a record holds. */
const everyElement = '[]';

/** A schema inside another: under a key, for all that a list holds, or, without a key, for the same value. */
interface Part {
  key: string | undefined;
  part: z.ZodType;
}

interface Inside {
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  valueType?: z.ZodType;
  options?: z.ZodType[];
  innerType?: z.ZodType;
}

/** Returns the schemas that a schema is made of. */
export function partsOf(schema: z.ZodType): Part[] {
  const { shape, element, valueType, options, innerType } = schema.def as unknown as Inside;
  return [
    ...Object.entries(shape ?? {}).map(([key, part]) => ({ key, part })),
    ...[element, valueType].flatMap((part) => (part ? [{ key: everyElement, part }] : [])),
    ...[...(options ?? []), ...(innerType ? [innerType] : [])].map((part) => ({ key: undefined, part })),
  ];
}
