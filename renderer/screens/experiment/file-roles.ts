import type { FileRole, FoundFile } from '../../../shared/domain/recorded.ts';

/** Parameters of a task with its name, as a draft holds them. */
export type TaskValues = Readonly<Record<string, unknown>>;

export const roleTitles: Record<FileRole, string> = {
  trusted: 'Trusted',
  untrusted: 'Untrusted',
  test: 'Test',
  test_labels: 'Labels of test',
  untrusted_labels: 'Labels of untrusted',
  trusted_metadata: 'Metadata of trusted',
  test_metadata: 'Metadata of test',
  none: 'Nothing',
};

const sets: readonly FileRole[] = ['trusted', 'untrusted', 'test'];
const tables: readonly FileRole[] = ['test_labels', 'untrusted_labels', 'trusted_metadata', 'test_metadata'];

/** What a file can be used as. */
export function rolesFor({ kind, role }: Pick<FoundFile, 'kind' | 'role'>): readonly FileRole[] {
  const own: readonly FileRole[] = { activations: sets, table: tables, other: [] }[kind];
  // What it is used as stays to be seen, even if it does not suit.
  return own.includes(role) || role === 'none' ? [...own, 'none'] : [role, ...own, 'none'];
}

/** The files that a task has in a role. */
function itemsIn(task: TaskValues, role: FileRole): string[] {
  const value = task[role];
  if (typeof value !== 'string' || value === '') return [];
  if (sets.includes(role)) return value.split(',').filter(Boolean);
  // A column of the metadata is no file.
  return /[./\\]/.test(value) ? [value] : [];
}

export const taken = (task: TaskValues, role: FileRole): boolean => itemsIn(task, role).length > 0;

/** A task with one more file in a role: sets may have several, tables have one. */
export function withRole(task: TaskValues, item: string, role: FileRole): TaskValues {
  if (role === 'none') return task;
  return { ...task, [role]: sets.includes(role) ? [...itemsIn(task, role), item].join(',') : item };
}

/** A task in which a file has another role, and the files that this puts out of use. */
export function moved(
  task: TaskValues,
  { item, role: before }: Pick<FoundFile, 'item' | 'role'>,
  role: FileRole,
): { task: TaskValues; freed: string[] } {
  const left = { ...task };
  if (before !== 'none') {
    const others = itemsIn(task, before).filter((other) => other !== item);
    if (others.length > 0) left[before] = others.join(',');
    else delete left[before];
  }
  const displaced = tables.includes(role) ? itemsIn(left, role) : [];
  return { task: withRole(left, item, role), freed: [...displaced, ...(role === 'none' ? [item] : [])] };
}
