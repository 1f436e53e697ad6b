import {
  mostCountedValues,
  type SpecField,
  type SpecValue,
  type SpecValues,
} from '../../../shared/domain/spec-field.ts';
import type { RunKind } from '../../../shared/domain/run.ts';
import { describe, type Field } from '../../../shared/schema/describe.ts';
import { walk } from '../../../shared/schema/walk.ts';
import { runDefinitionOf } from '../../runs/index.ts';
import { parameterLabels } from '../../runs/spec-lines.ts';
import type { Catalogue, RunSpec } from '../../storage/catalogue.ts';
import { breath } from '../breath.ts';

type Values = Readonly<Record<string, unknown>>;

/** Runs whose values are read before other calls get a turn. */
const mostAtOnce = 500;

/** A field that was seen, with a run that has it. */
interface SeenField {
  values: Set<SpecValue>;
  kind: RunKind;
  spec: Values;
  /** Its path in that spec. */
  place: readonly string[];
}

/** Returns the parameters that the runs of a catalogue have, those with several values first; a slice at a time. */
export async function specFields(catalogue: Catalogue, signal: AbortSignal | undefined): Promise<SpecField[]> {
  const seen = new Map<string, SeenField>();
  for (let from: number | null | undefined; from !== null;) {
    const { specs, next } = catalogue.specSlice(from);
    for (const { kind, spec } of specs) note(seen, kind, spec);
    from = next;
    await breath();
    signal?.throwIfAborted();
  }
  const fields = [...seen].flatMap(([path, { values, kind, spec, place }]) => {
    const named = place.length > 0 && isPick(valueIn(spec, place)) ? [...place, 'name'] : place;
    const field = fieldAt(kind, spec, place);
    // Folders of the machine tell runs apart by where they are, not by what they do.
    const labels = field?.isPath ? undefined : parameterLabels(runDefinitionOf(kind), spec, named);
    const isShare = field?.control === 'share';
    const root = kind === 'classifier' ? ['Classifier'] : [];
    return labels ? [{ path, labels: [...root, ...labels], isShare, values: values.size }] : [];
  });
  return fields.sort((a, b) => Number(b.values > 1) - Number(a.values > 1) || (a.path < b.path ? -1 : 1));
}

/** Yields the values of fields, a part at a time: of all runs, those added last first, or of those with these ids. */
export async function* specValues(
  catalogue: Catalogue,
  paths: readonly string[],
  ids: readonly string[] | undefined,
  signal: AbortSignal,
): AsyncGenerator<SpecValues, void> {
  const reader = new ValueReader(
    catalogue,
    paths.map((path) => path.split('.')),
  );
  if (ids) {
    for (let start = 0; start < ids.length && !signal.aborted; start += mostAtOnce) {
      if (start > 0) await breath();
      yield reader.read(catalogue.specsOf(ids.slice(start, start + mostAtOnce)));
    }
    return;
  }
  for (let from: number | null | undefined; from !== null;) {
    const { specs, next } = catalogue.specSlice(from);
    yield reader.read(specs);
    from = next;
    await breath();
    if (signal.aborted) return;
  }
}

/** Reads fields of runs. What many runs build on is read once, and only the fields that were asked for are kept of it. */
class ValueReader {
  readonly #catalogue: Catalogue;
  readonly #paths: readonly (readonly string[])[];
  readonly #roots: ReadonlySet<string | undefined>;
  /** By id of what is built on: its value of each path, undefined for paths that it does not know. */
  readonly #parents = new Map<string, readonly (SpecValue | undefined)[]>();

  constructor(catalogue: Catalogue, paths: readonly (readonly string[])[]) {
    this.#catalogue = catalogue;
    this.#paths = paths;
    this.#roots = new Set(paths.map(([root]) => root));
  }

  read(specs: readonly RunSpec[]): SpecValues {
    this.#readParents(specs);
    const values = specs.map((run) => this.#valuesOf(run));
    return {
      ids: specs.map(({ id }) => id),
      fields: this.#paths.map((_, k) => packed(values.map((own) => own[k] ?? null))),
    };
  }

  #readParents(specs: readonly RunSpec[]): void {
    const needed = specs.flatMap(({ kind, parents }) =>
      kind === 'classifier' || !(this.#roots.has('classifier') || kind === 'evaluation') ? [] : parents,
    );
    const unread = [...new Set(needed)].filter((id) => !this.#parents.has(id));
    if (unread.length === 0) return;
    for (const run of this.#catalogue.specsOf(unread)) this.#parents.set(run.id, this.#ownValues(run));
  }

  #valuesOf(run: RunSpec): (SpecValue | undefined)[] {
    const own = this.#ownValues(run);
    for (const id of run.kind === 'classifier' ? [] : run.parents) {
      const parent = this.#parents.get(id);
      if (parent)
        for (const [k, value] of parent.entries()) own[k] ??= this.#isOfParent(k, run.kind) ? value : undefined;
    }
    return own;
  }

  #isOfParent(k: number, kind: RunKind): boolean {
    const root = this.#paths[k]?.[0];
    return root === 'classifier' || (root === 'detector' && kind === 'evaluation');
  }

  #ownValues({ kind, spec }: RunSpec): (SpecValue | undefined)[] {
    return this.#paths.map(([root = '', ...rest]) => {
      const place = placeIn(kind, root, rest);
      return place && shown(valueIn(spec, place));
    });
  }
}

/** Returns where a path leads in the spec of a run itself; undefined if it leads elsewhere. */
function placeIn(kind: RunKind, root: string, rest: readonly string[]): readonly string[] | undefined {
  if (root === 'classifier') return kind === 'classifier' ? rest : undefined;
  if (kind === 'classifier') return undefined;
  if (root === 'task') return [root, ...rest];
  // An evaluation names a fitted detector, whose parameters stand in that one's own spec.
  if (root === 'detector') return kind === 'detector' ? [root, ...rest] : undefined;
  return rest.length > 0 && rest[0] !== 'task' && rest[0] !== 'detector' ? rest : undefined;
}

/** Notes the fields of a run's own spec. */
function note(seen: Map<string, SeenField>, kind: RunKind, spec: Values): void {
  const visit = (value: unknown, path: string, place: readonly string[]) => {
    const own = shown(value);
    if (own !== undefined && own !== null) {
      let field = seen.get(path);
      if (!field) seen.set(path, (field = { values: new Set(), kind, spec, place }));
      if (field.values.size < mostCountedValues) field.values.add(own);
    }
    if (!isRecord(value)) return;
    for (const [key, inner] of Object.entries(value))
      if (key !== 'name' || !isPick(value)) visit(inner, `${path}.${key}`, [...place, key]);
  };
  for (const [key, value] of Object.entries(spec)) {
    if (kind === 'classifier') visit(value, `classifier.${key}`, [key]);
    else if (key === 'task' || (key === 'detector' && kind === 'detector')) visit(value, key, [key]);
    else if (key !== 'detector') visit(value, `evaluation.${key}`, [key]);
  }
}

/** A value as a table has it: lists are written out, what was picked is its id; undefined for what holds more than one. */
function shown(value: unknown): SpecValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', ');
  return isPick(value) ? value.name : undefined;
}

function valueIn(spec: Values, place: readonly string[]): unknown {
  let value: unknown = spec;
  for (const key of place) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

const isRecord = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPick = (value: unknown): value is { name: string } => isRecord(value) && typeof value['name'] === 'string';

function fieldAt(kind: RunKind, spec: Values, place: readonly string[]): Field | undefined {
  const path = place.join('.');
  for (const found of walk(describe(runDefinitionOf(kind).params), spec))
    if (found.path.join('.') === path) return found.field;
  return undefined;
}

/** Writes each value once, in the order in which they come. */
function packed(values: readonly SpecValue[]): SpecValues['fields'][number] {
  const places = new Map<SpecValue, number>();
  const of = values.map((value) => {
    const place = places.get(value) ?? places.size;
    places.set(value, place);
    return place;
  });
  return { values: [...places.keys()], of };
}
