import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const folders = ['main/detectors/methods', 'main/data/datasets', 'main/data/triggers', 'main/tasks'];
/** What plugins get from the program although they do not name it. */
const ownPackages = ['zod', '@tensorflow/tfjs-core'];

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Names that `cupbearer/plugin` exports, by the module that they come from. */
function exported(): Set<string> {
  const source = read('main/authoring/index.ts');
  const lists = [...source.matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)];
  return new Set(
    lists.flatMap(([, names, from]) =>
      names!
        .split(',')
        .map((name) => name.trim().replace(/^type /, ''))
        .filter((name) => name !== '')
        .map((name) => `${normalize(join('main/authoring', from!))} ${name}`),
    ),
  );
}

/** What the definitions of a folder import from elsewhere, as `module name`. */
function imported(folder: string): string[] {
  // What plugins are run by is no definition itself.
  const isDefinition = (name: string) => name.endsWith('.ts') && name !== 'index.ts' && !name.startsWith('plugin-');
  const files = readdirSync(folder).filter(isDefinition);
  return files.flatMap((file) =>
    [...read(join(folder, file)).matchAll(/import (?:type )?(\{[^}]*\}|\* as \w+|\w+) from '([^']+)'/g)].flatMap(
      ([, names, from]) => {
        if (from!.startsWith('node:') || ownPackages.includes(from!) || /^\.\/(?!index)/.test(from!)) return [];
        const module = from!.startsWith('.') ? normalize(join(folder, from!)) : from!;
        return names!
          .replace(/[{}]/g, '')
          .split(',')
          .map(
            (name) =>
              name
                .trim()
                .replace(/^type /, '')
                .split(' as ')[0]!,
          )
          .filter((name) => name !== '')
          .map((name) => `${module} ${name}`);
      },
    ),
  );
}

test.each(folders)('definitions in %s import nothing that a plugin cannot', (folder) => {
  const known = exported();
  const names = imported(folder);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});

test('what is exported is there', async () => {
  const surface = await import('../../main/authoring/index.ts');
  expect(Object.entries(surface).filter(([, value]) => value === undefined)).toEqual([]);
});
