import { formatCount } from '../../../shared/format.ts';
import { getContext, setContext, type Snippet } from 'svelte';
import type { NetworkDescription } from '../../../shared/domain/draft.ts';
import type { FormDefinition, FormField } from '../../../shared/domain/form.ts';

/** The path of a value in what the form edits. */
export type Path = readonly string[];

/** Draws the fields of what a field holds: forms nest in fields, and fields in forms. */
export type NestedFields = Snippet<[fields: readonly FormField[], values: Record<string, unknown>, path: Path]>;

/** What the fields of a form work with: the values, what is wrong with them, and what they choose from. */
export interface FormModel {
  set(path: Path, value: unknown): void;
  /** What is wrong with exactly this value. */
  faultAt(path: Path): string | undefined;
  hasFaultBelow(path: Path): boolean;
  definitions(kind: string): readonly FormDefinition[];
  /** Why definitions of a kind cannot be chosen at present, by id. */
  unsuited(kind: string): Readonly<Record<string, string>>;
  /**
   * What several values of a number or choice come to: "3 values make 3 detectors, 36 cells." Left out where fields take one
   * value.
   */
  sweepWords?(path: Path, values: number): string;
  /** The network whose layers are chosen; null while it is not known. */
  readonly network: NetworkDescription | null;
  /** Whether the network is known by what was recorded of it. */
  readonly isRecorded?: boolean;
}

const key = Symbol('form');
export const provideForm = (model: FormModel): FormModel => setContext(key, model);
export const useForm = (): FormModel => getContext(key);

/** A picked definition as an object, whether it was written as its id, as an object, or left out. */
export function pickedOf(value: unknown, field: Pick<FormField, 'default'>): { name: string; [key: string]: unknown } {
  const given = value ?? field.default;
  if (typeof given === 'string') return { name: given };
  return typeof given === 'object' && given !== null ? (given as { name: string }) : { name: '' };
}

/** Returns whether a value is the field's default. */
export function isDefault(field: FormField, value: unknown): boolean {
  if (value === undefined) return true;
  // A definition with nothing but its name is the same as the name alone.
  const { name, ...params } = field.type === 'pick' ? pickedOf(value, field) : { name: value };
  return Object.keys(params).length === 0 && JSON.stringify(name) === JSON.stringify(field.default);
}

/**
 * Returns the help of a field with the range of its number, unless it says so itself. A one-sided bound is only shown
 * when it is exceeded.
 */
export function helpOf({ help, type, min, max }: FormField): string {
  if (min === undefined || max === undefined || type === 'integers') return help;
  const range = `${written(min)} to ${written(max)}`;
  if (help.includes(range)) return help;
  return `${help.replace(/\.$/, '')} (${range.replaceAll(' ', '\u00a0')})`;
}

const written = (bound: number) => (Number.isInteger(bound) ? formatCount(bound) : String(bound));

/** The step that suits a number's arrow keys. */
export function stepOf({ type, min, max }: FormField): number {
  if (type === 'integer') return 1;
  return min !== undefined && max !== undefined && max - min <= 1 ? (max - min) / 100 : 0.1;
}
