import { createHash } from 'node:crypto';
import { runDefinitionOf } from '../../runs/index.ts';
import type { StoredSpec } from '../../runs/stored-spec.ts';

/** A run as far as its setting depends on it. */
export interface SetRun {
  id: string;
  spec: StoredSpec;
  /** Ids of the runs that it builds on, in the order in which its spec names them. */
  parents: readonly string[];
}

/** Characters that tell the settings of a person apart. */
const keyCharacters = 12;

/**
 * Returns a key that two runs have in common if they differ in seeds only: a hash over kind and spec without any
 * parameter called `seed`, the runs that it builds on being named by their own settings. `find` returns a run by its
 * id, undefined if it is gone; a run whose spec cannot be read in full is a setting of its own.
 */
export function settingKey(run: SetRun, find: (id: string) => SetRun | undefined): string {
  const { id, spec, parents } = run;
  if (spec.fault !== null) return id;
  const folders = parentFolders(spec);
  const settings = new Map<unknown, string>();
  for (const [i, folder] of folders.entries()) {
    const parent = parents[i] === undefined ? undefined : find(parents[i]);
    if (parent && parent.id !== id) settings.set(folder, settingKey(parent, find));
  }
  const text = JSON.stringify(spec.sound, (key, value: unknown) =>
    key === 'seed' ? undefined : typeof value === 'string' ? (settings.get(value) ?? value) : value,
  );
  return createHash('sha1').update(spec.kind).update(text).digest('base64url').slice(0, keyCharacters);
}

/** Folders of the runs that a run builds on, as its spec has them. */
function parentFolders(spec: StoredSpec & { fault: null }): string[] {
  switch (spec.kind) {
    case 'classifier':
      return [];
    case 'detector':
      return runDefinitionOf(spec.kind).parents(spec.sound);
    case 'evaluation':
      return runDefinitionOf(spec.kind).parents(spec.sound);
  }
}
