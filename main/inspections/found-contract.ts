import type { FoundContract, FoundReference, SetName } from '../../shared/domain/recorded.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { counted } from '../../shared/format.ts';
import { commandText, shellOf } from '../../shared/shell.ts';
import { contractDifferences, type ActivationsContract } from '../data/stored/contract.ts';
import { readParity } from '../data/stored/parity.ts';
import type { StoredSet } from '../data/stored/stored-set.ts';

/** What the fields of a contract are called, by how their names begin; the first that fits counts. */
const labels: readonly (readonly [prefix: string, label: string])[] = [
  ['model.hash', 'Weights'],
  ['model.library', 'Library'],
  ['model', 'Model'],
  ['layers', 'Hook point'],
  ['positions', 'Positions'],
  ['prompt_template', 'Prompt template'],
  ['preprocessing', 'Preprocessing'],
  ['dtype', 'Type'],
];

const labelOf = (field: string) => labels.find(([prefix]) => field.startsWith(prefix))?.[1] ?? field;

/** Most characters of a value that are shown; of two that differ, from where they do. */
const mostCharacters = 400;

/** Layers of a check that are listed. */
const mostLayers = 1000;

/** How the trusted set was made, and where the others differ at the layers that all have; null if it does not say. */
export function foundContract(sets: ReadonlyMap<SetName, StoredSet>, layers: readonly string[]): FoundContract | null {
  const own = sets.get('trusted')?.contract;
  if (!own) return null;
  const others = [...sets].filter(([name]) => name !== 'trusted');
  return {
    fields: fieldsOf(own, layers),
    differences: others.flatMap(([set, { contract }]) =>
      (contract ? contractDifferences(own, contract, layers) : []).map(({ field, values: [one, other] }) => ({
        set,
        label: labelOf(field),
        field,
        values: cut(wordsOf(one), wordsOf(other)),
      })),
    ),
    silent: others.filter(([, { contract }]) => !contract).map(([name]) => name),
    references: [...sets].flatMap(([name, set]) => foundReference(name, set)),
  };
}

/** The reference rows of a set and what their last check found; none if it has no such rows. */
function foundReference(name: SetName, { contract, path }: StoredSet): FoundReference[] {
  if (!contract?.reference) return [];
  const parity = readParity(path);
  const layers = Object.entries(parity ?? {}).map(([layer, { largest, limit }]) => ({
    name: layer,
    largest,
    limit,
    agrees: largest !== null && limit !== null && largest <= limit,
  }));
  return [
    {
      set: name,
      rows: contract.reference.rows.length,
      command: checkCommand(path, contract.model.name),
      layers: parity ? layers.slice(0, mostLayers) : null,
    },
  ];
}

/** A name is foreign text: one that a shell or the command would take for something else gives no command. */
function checkCommand(folder: string, model: string): string | null {
  if (folder.startsWith('-') || model.startsWith('-')) return null;
  try {
    return commandText(['python', '-m', 'cupbearer_bridge', 'check', folder, model], shellOf(process.platform));
  } catch (error) {
    if (error instanceof CupbearerError) return null;
    throw error;
  }
}

function fieldsOf(contract: ActivationsContract, layers: readonly string[]): FoundContract['fields'] {
  const { model, dtype, preprocessing, prompt_template: template, positions, made_by: made } = contract;
  const words = (...parts: (string | null | undefined)[]) => parts.filter(Boolean).join(', ');
  const tool = words([made?.tool, made?.version].filter(Boolean).join(' '));
  const fields = [
    ['Model', words(model.name, model.class), false],
    ['Weights', model.hash ? `sha256 ${model.hash}` : '', true],
    ['Library', words([model.library, model.library_version].filter(Boolean).join(' '), tool), false],
    ['Hook point', hookWords(contract, layers), false],
    ['Positions', Array.isArray(positions) ? positions.join(', ') : (positions ?? ''), false],
    ['Prompt template', template ?? '', true],
    ['Preprocessing', preprocessing ? wordsOf(preprocessing) : '', true],
    ['Type', dtype, false],
  ] as const;
  return fields.flatMap(([label, value, isCode]) =>
    value === '' ? [] : [{ label, value: value.slice(0, mostCharacters), isCode }],
  );
}

/** "output of each", or what each layer has. */
function hookWords({ layers }: ActivationsContract, names: readonly string[]): string {
  const hooks = new Set(names.flatMap((name) => (Object.hasOwn(layers, name) ? (layers[name]?.hook ?? []) : [])));
  const known = names.filter((name) => Object.hasOwn(layers, name)).length;
  if (known === 0) return '';
  const of = known === names.length ? `${counted(known, 'layer')}` : `${known} of ${counted(names.length, 'layer')}`;
  return [of, ...hooks].join(', ');
}

function wordsOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Two values without what they share at the start, where they are too long to be shown as a whole. */
function cut(one: string, other: string): [string, string] {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const from = Math.max(0, Math.min(at - mostCharacters / 2, Math.max(one.length, other.length) - mostCharacters));
  const part = (text: string) => (from > 0 ? '…' : '') + text.slice(from, from + mostCharacters);
  return [part(one), part(other)];
}
