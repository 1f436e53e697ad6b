import type { FormDefinition, FormRegistry } from '../../shared/domain/form.ts';
import { client } from './client.ts';

/** All that can be chosen, by kind; asked for once, and again when plugins have changed. */
class Definitions {
  registries = $state.raw<readonly FormRegistry[] | null>(null);
  #asked: Promise<readonly FormRegistry[]> | undefined;

  /** Loads the definitions. @throws CupbearerError if that fails; the next call tries again. */
  load(): Promise<readonly FormRegistry[]> {
    this.#asked ??= client.drafts.definitions({}).then(
      (registries) => (this.registries = registries),
      (error: unknown) => {
        this.#asked = undefined;
        throw error;
      },
    );
    return this.#asked;
  }

  /** Loads them again if they were loaded: plugins have changed what can be chosen. What is shown stays until then. */
  refresh(): void {
    if (this.#asked === undefined) return;
    this.#asked = undefined;
    this.load().catch(() => undefined);
  }

  /** The definitions of a kind ("detector", "dataset"); empty until they have come. */
  of(kind: string): readonly FormDefinition[] {
    return this.registries?.find((registry) => registry.kind === kind)?.definitions ?? [];
  }

  /** Returns the title of a definition, or its id if it is not known (yet). */
  titleOf(kind: string, id: string): string {
    return this.of(kind).find((definition) => definition.id === id)?.title ?? id;
  }
}

export const definitions = new Definitions();
