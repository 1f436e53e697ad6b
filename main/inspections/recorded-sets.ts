import { asPicked } from '../../shared/schema/fields.ts';
import type { SetName } from '../../shared/domain/recorded.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { openStoredSet } from '../data/stored/open-stored-set.ts';
import type { StoredSet } from '../data/stored/stored-set.ts';

/** The set that everything is compared with comes first. */
const setNames: readonly SetName[] = ['trusted', 'test', 'untrusted'];

/** The sets that a task names, whose other parameters may be wrong. */
interface OpenedSets {
  readonly sets: ReadonlyMap<SetName, StoredSet>;
  close(): void;
}

/** Opens those of a task's sets that can be opened; what is wrong with the others is a fault of the draft. Close them. */
export async function openSetsOf(task: unknown): Promise<OpenedSets> {
  const params: Readonly<Record<string, unknown>> = asPicked(task) ?? {};
  const sets = new Map<SetName, StoredSet>();
  for (const name of setNames) {
    const files = params[name];
    const metadata = params[`${name}_metadata`];
    if (typeof files !== 'string' || files === '') continue;
    const given = typeof metadata === 'string' && metadata !== '' ? metadata : undefined;
    const set = await unlessFaulty(() => openStoredSet(files.split(','), { metadata: given }));
    if (set) sets.set(name, set);
  }
  return { sets, close: () => sets.forEach((set) => set.close()) };
}

/** Resolves with what `find` does; undefined for files that are not as they should be. */
export async function unlessFaulty<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof CupbearerError && error.code !== 'cancelled' && error.code !== 'internal') return undefined;
    throw error;
  }
}
