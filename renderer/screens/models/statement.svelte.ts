import type { FormDefinition, FormField } from '../../../shared/domain/form.ts';
import type { CupbearerError } from '../../../shared/errors.ts';
import { definitions } from '../../app/definitions.svelte.ts';
import type { FormModel, Path } from '../../components/form/form-model.ts';
import { namesIn, withValue } from '../../components/form/form-values.ts';

interface Fault {
  path: readonly string[];
  message?: string;
  problem?: string;
}

/** What the user says an imported model was trained on, and what the program found wrong with it. */
export class Statement implements FormModel {
  values = $state.raw<Record<string, unknown>>({});
  #faults = $state.raw<readonly Fault[]>([]);
  readonly network = null;

  get fields(): readonly FormField[] {
    return this.definitions('statement').find(({ id }) => id === 'trained-elsewhere')?.fields ?? [];
  }

  /** Whether anything was stated. */
  get isGiven(): boolean {
    return Object.keys(this.values).length > 0;
  }

  set(path: Path, value: unknown): void {
    const values = withValue(this.values, path, value) as Record<string, unknown>;
    this.values = namesIn(this.fields, values, (kind) => this.definitions(kind));
    this.#faults = [];
  }

  /** Shows faults at their parameters. Returns false if the error is about something else. */
  refused({ details }: CupbearerError): boolean {
    this.#faults = (details?.['faults'] as readonly Fault[] | undefined) ?? [];
    return this.#faults.length > 0;
  }

  faultAt(path: Path): string | undefined {
    const fault = this.#faults.find((candidate) => candidate.path.join('/') === path.join('/'));
    return fault && (fault.message ?? fault.problem);
  }

  hasFaultBelow(path: Path): boolean {
    const at = path.join('/');
    return this.#faults.some((fault) => `${fault.path.join('/')}/`.startsWith(`${at}/`));
  }

  definitions(kind: string): readonly FormDefinition[] {
    return definitions.of(kind);
  }

  unsuited(): Readonly<Record<string, string>> {
    return {};
  }
}
