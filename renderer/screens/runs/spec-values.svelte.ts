import type { RunSummary } from '../../../shared/domain/live.ts';
import type { SpecField, SpecValue, SpecValues } from '../../../shared/domain/spec-field.ts';
import { client } from '../../app/client.ts';

/**
 * Values of parameters, for the columns, groups and filters that name them: fetched when they are first asked for, and for
 * runs that come later.
 */
class ParameterValues {
  /** By path, then by run. */
  readonly #values = new Map<string, Map<string, SpecValue>>();
  /** Paths whose values of the runs that there were are on their way. */
  readonly #coming = new Set<string>();
  #version = $state(0);
  /** The parameters that runs have; null until they were fetched. */
  fields = $state.raw<readonly SpecField[] | null>(null);

  /** Returns the value of a parameter of a run; undefined until it is known. */
  readonly of = (run: RunSummary, path: string): SpecValue | undefined => {
    void this.#version;
    return this.#values.get(path)?.get(run.id);
  };

  /** Rises with all that arrives. */
  get version(): number {
    return this.#version;
  }

  /** Whether values of these paths are still to come. */
  isComing(paths: readonly string[]): boolean {
    void this.#version;
    return paths.some((path) => this.#coming.has(path) || !this.#values.has(path));
  }

  /** The label of a parameter, "Poisoned share"; its path until that is known. */
  labelOf(path: string): string {
    return this.fields?.find((field) => field.path === path)?.labels.at(-1) ?? path;
  }

  /** Whether a parameter is a share, read in per cent. */
  isShare(path: string): boolean {
    return this.fields?.find((field) => field.path === path)?.isShare ?? false;
  }

  /** Fetches what is not known yet of these paths; `signal` ends it. @throws as a call does. */
  async want(paths: readonly string[], runs: ReadonlyMap<string, RunSummary>, signal: AbortSignal): Promise<void> {
    const fresh = paths.filter((path) => !this.#values.has(path));
    const known = paths.filter((path) => this.#values.has(path) && !this.#coming.has(path));
    const missing = [...runs.keys()].filter((id) => known.some((path) => !this.#values.get(path)?.has(id)));
    if (fresh.length > 0 && !this.fields) void this.loadFields().catch(() => undefined);
    await Promise.all([
      fresh.length > 0 && this.#fetch(fresh, undefined, signal),
      missing.length > 0 && this.#fetch(known, missing, signal),
    ]);
  }

  async loadFields(): Promise<void> {
    this.fields = await client.runs.fields({});
  }

  async #fetch(paths: readonly string[], ids: readonly string[] | undefined, signal: AbortSignal): Promise<void> {
    for (const path of paths) {
      if (!this.#values.has(path)) this.#values.set(path, new Map());
      this.#coming.add(path);
    }
    try {
      const stream = await client.runs.values({ paths: [...paths], ...(ids && { ids: [...ids] }) }, { signal });
      for await (const part of stream) this.#take(paths, part);
    } catch (error) {
      if (!ids) for (const path of paths) this.#values.delete(path);
      if (!signal.aborted) throw error;
    } finally {
      for (const path of paths) this.#coming.delete(path);
      this.#version++;
    }
  }

  #take(paths: readonly string[], { ids, fields }: SpecValues): void {
    for (const [k, { values, of }] of fields.entries()) {
      const known = this.#values.get(paths[k] ?? '');
      for (const [row, id] of ids.entries()) known?.set(id, values[of[row] ?? 0] ?? null);
    }
    this.#version++;
  }
}

export const parameters = new ParameterValues();
