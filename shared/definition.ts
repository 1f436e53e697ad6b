import type { z } from 'zod';
import { CupbearerError } from './errors.ts';
import { nearest } from './nearest.ts';
import type { PluginVersion } from './plugin/manifest.ts';
import { shortened } from './schema/problems.ts';

/**
 * What every detector, task, dataset, trigger, model, optimiser and experiment says of itself. Forms, flags, help,
 * validation, the stored spec and the reference pages are all derived from it.
 */
export interface Definition {
  /** Stable name, kebab- or snake-case: used in files, flags and the catalogue. */
  readonly id: string;
  readonly title: string;
  /** One line, no full stop needed. */
  readonly summary: string;
  /** Where the method comes from: a paper, a page, or the library it follows. */
  readonly source?: string;
  /**
   * What a reader of the reference page must know besides: what is the paper's and what is ours, what scores depend on.
   */
  readonly details?: string;
  readonly params: z.ZodObject;
  /** The plugin that adds it; none for the program's own. */
  readonly plugin?: PluginVersion;
}

/** An explicit list of the definitions of one kind, looked up by id. */
export class Registry<D extends Definition, Common extends z.ZodRawShape = Record<never, never>> {
  readonly kind: string;
  /** Parameters that every definition has, whatever its own. */
  readonly common: Common | undefined;
  readonly #byId = new Map<string, D>();

  /** @throws CupbearerError `internal` if two definitions share an id, or one lacks a parameter of `common`. */
  constructor(kind: string, definitions: readonly D[], common?: Common) {
    this.kind = kind;
    this.common = common;
    for (const definition of definitions) this.add(definition);
  }

  /**
   * Returns a registry of the same definitions, typed with the parameters that all of them have.
   * @throws CupbearerError `internal` if a definition lacks one of `common`.
   */
  sharing<C extends z.ZodRawShape>(common: C): Registry<D, C> {
    return new Registry(this.kind, this.definitions, common);
  }

  add(definition: D): void {
    if (this.#byId.has(definition.id)) {
      throw new CupbearerError('internal', `Two definitions of kind "${this.kind}" have the id "${definition.id}".`);
    }
    const lacking = Object.keys(this.common ?? {}).find((key) => !Object.hasOwn(definition.params.shape, key));
    if (lacking !== undefined) {
      throw new CupbearerError(
        'internal',
        `The ${this.kind} "${definition.id}" lacks the parameter "${lacking}", which all have.`,
      );
    }
    this.#byId.set(definition.id, definition);
  }

  /**
   * Puts the definitions that plugins add in the place of those that they added before. Returns those that cannot be
   * added, because another definition has their id.
   */
  setAdded(definitions: readonly D[]): D[] {
    for (const { id, plugin } of this.definitions) if (plugin) this.#byId.delete(id);
    return definitions.filter((definition) => {
      if (this.#byId.has(definition.id)) return true;
      this.add(definition);
      return false;
    });
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  get definitions(): D[] {
    return [...this.#byId.values()];
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** @throws CupbearerError `usage` naming the nearest id if there is no such definition. */
  get(id: string): D {
    const definition = this.#byId.get(id);
    if (definition) return definition;
    throw new CupbearerError('usage', unknownName(this.kind, id, this.ids));
  }
}

/** "Unknown detector "mahalanobs". Did you mean "mahalanobis"? Known: …". */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return `Unknown ${kind} "${shortened(name)}".${guess ? ` Did you mean "${guess}"?` : ''} Known: ${known.join(', ') || 'none'}.`;
}
