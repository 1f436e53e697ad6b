import { statSync } from 'node:fs';
import type { CountedNumbers, SetName } from '../../shared/domain/recorded.ts';
import { describeStoredSet, samplesInBoth, type StoredSetDescription } from '../data/stored/describe-stored-set.ts';
import type { StoredSet } from '../data/stored/stored-set.ts';
import { hashJson } from '../storage/content-hash.ts';
import type { InspectionContext } from './inspection.ts';
import { openSetsOf } from './recorded-sets.ts';

/** Sets that were counted last, by the state of their files: the others of a task change while one is chosen. */
const known = new Map<string, StoredSetDescription>();
const mostKnown = 8;

/** Counts what is odd in the numbers of a task's sets, by one pass over each. @throws CupbearerError as `describeStoredSet`. */
export async function countRecorded(
  { task }: { task: unknown },
  { signal, progress }: Pick<InspectionContext, 'signal' | 'progress'>,
): Promise<CountedNumbers> {
  const opened = await openSetsOf(task);
  const { sets } = opened;
  try {
    const found = new Map<SetName, StoredSetDescription>();
    const bytes = [...sets.values()].map(bytesOf);
    const total = bytes.reduce((sum, size) => sum + size, 0);
    let before = 0;
    for (const [i, [name, set]] of [...sets].entries()) {
      const report = (share: number) => progress?.(name, before + share * bytes[i]!, total);
      found.set(name, await described(set, signal, report));
      before += bytes[i]!;
    }
    const [trusted, test] = [found.get('trusted'), found.get('test')];
    return {
      sets: [...found].map(([name, { notFinite, repeated, layers }]) => ({
        set: name,
        notFinite,
        repeated,
        layers: layers.map(({ name: layer, nan, infinite, firstNotFinite, constantColumns, columns }) => ({
          name: layer,
          nan,
          infinite,
          firstNotFinite: firstNotFinite ?? null,
          constantColumns,
          columns,
        })),
      })),
      inBoth: (trusted && test && samplesInBoth(trusted, test)) ?? null,
    };
  } finally {
    opened.close();
  }
}

const bytesOf = ({ layers }: StoredSet) => layers.reduce((sum, { bytes }) => sum + bytes, 0);

async function described(
  set: StoredSet,
  signal: AbortSignal,
  report: (share: number) => void,
): Promise<StoredSetDescription> {
  const files = [...new Set(set.layers.flatMap((layer) => layer.files))];
  const states = files.map((file) => {
    const { size, mtimeMs } = statSync(file);
    return [file, size, mtimeMs];
  });
  const key = hashJson([set.path, states]);
  const found = known.get(key) ?? (await describeStoredSet(set, signal, report));
  known.delete(key);
  known.set(key, found);
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
  return found;
}
