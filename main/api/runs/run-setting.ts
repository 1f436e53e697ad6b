import { hashJson } from '../../storage/content-hash.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { runDefinitionOf } from '../../runs/index.ts';
import { withPaths } from '../../runs/paths.ts';

/** What a run was asked for, apart from its seeds and those of the runs that it builds on. */
interface RunSetting {
  /** The same for runs that differ in their seeds alone. */
  setting: string;
  /** These seeds, in one line: runs of one setting with the same seeds are repetitions of each other. */
  seeds: string;
}

/** Links of a chain of runs that build on each other. */
const mostLinks = 8;
/** Changes what is looked at besides, and no result. */
const withoutEffect = ['analysis'];

/** Returns the setting of a run. A run that it builds on and that the catalogue does not know counts by its folder. */
export function runSetting(catalogue: Pick<Catalogue, 'byFolder'>, run: CatalogueRun): RunSetting {
  return settingOf(catalogue, run, mostLinks);
}

function settingOf(
  catalogue: Pick<Catalogue, 'byFolder'>,
  { kind, spec }: Pick<CatalogueRun, 'kind' | 'spec'>,
  links: number,
): RunSetting {
  const seeds: string[] = [];
  const asked = withPaths(runDefinitionOf(kind).params, spec, (path) => {
    const run = links > 0 ? catalogue.byFolder(path) : undefined;
    if (!run) return path;
    const own = settingOf(catalogue, run, links - 1);
    seeds.push(own.seeds);
    return own.setting;
  });
  const kept = Object.entries(asked).filter(([key]) => !withoutEffect.includes(key));
  const plain = withoutSeeds(Object.fromEntries(kept), kind, seeds);
  return { setting: hashJson({ kind, asked: plain }), seeds: seeds.join(' ') };
}

/** Values without the seeds among them, at any depth, which are added to `seeds`. */
function withoutSeeds(values: unknown, path: string, seeds: string[]): unknown {
  if (Array.isArray(values)) return values.map((value, i) => withoutSeeds(value, `${path}.${i}`, seeds));
  if (typeof values !== 'object' || values === null) return values;
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => {
      if (key !== 'seed') return [[key, withoutSeeds(value, `${path}.${key}`, seeds)]];
      seeds.push(`${path} ${String(value)}`);
      return [];
    }),
  );
}
