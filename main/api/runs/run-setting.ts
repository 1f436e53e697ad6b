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

/** What was asked of a run, its seeds and those of the runs that it builds on apart. */
export interface RunSetting {
  /** The same for runs that differ in their seeds alone. */
  setting: string;
  /** These seeds, in the order of the spec: runs of one setting with the same seeds repeat each other. */
  seeds: string;
}

/** Characters that tell the settings of a person apart. */
const keyCharacters = 12;

/** Parameters of a run that change no result. */
const withoutEffect = ['analysis'];

/**
 * Returns the setting of a run, a hash over kind and spec without any parameter called `seed`, the runs that it builds
 * on being named by their own settings. `find` returns a run by its id, undefined if it is gone, which then counts by
 * its folder. A run whose spec cannot be read in full is a setting of its own.
 */
export function runSetting(run: SetRun, find: (id: string) => SetRun | undefined): RunSetting {
  const { id, spec, parents } = run;
  if (spec.fault !== null) return { setting: id, seeds: '' };
  const seeds: string[] = [];
  const settings = new Map<unknown, string>();
  for (const [i, folder] of parentFolders(spec).entries()) {
    const parent = parents[i] === undefined ? undefined : find(parents[i]);
    if (!parent || parent.id === id) continue;
    const own = runSetting(parent, find);
    settings.set(folder, own.setting);
    seeds.push(own.seeds);
  }
  const kept = Object.entries(spec.sound).filter(([key]) => !withoutEffect.includes(key));
  const text = JSON.stringify(Object.fromEntries(kept), (key, value: unknown) => {
    if (key !== 'seed') return typeof value === 'string' ? (settings.get(value) ?? value) : value;
    seeds.push(String(value));
    return undefined;
  });
  const setting = createHash('sha1').update(spec.kind).update(text).digest('base64url').slice(0, keyCharacters);
  return { setting, seeds: seeds.join(' ') };
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
