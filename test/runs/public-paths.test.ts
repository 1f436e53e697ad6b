import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicPath, publicSpec, publicText } from '../../main/runs/public-paths.ts';

const names = new Map([[resolve('/home/ada/runs/7'), '7']]);

describe('paths in a report', () => {
  it('are the ids of runs, what lies in a run, or the last name of anything else', () => {
    expect(publicPath(resolve('/home/ada/runs/7'), names)).toBe('7');
    expect(publicPath(resolve('/home/ada/runs/7/detector.safetensors'), names)).toBe(join('7', 'detector.safetensors'));
    expect(publicPath(resolve('/home/ada/runs/77'), names)).toBe('77');
    expect(publicPath(resolve('/home/ada/runs'), names)).toBe('runs');
    expect(publicPath(resolve('/data/birds'), names)).toBe('birds');
  });

  it.each([
    ['There is no trained classifier in "/home/ada/runs/7": it has no model.safetensors.', 'There is no trained classifier in "7": it has no model.safetensors.'],
    ['/home/ada/runs/7/scores.npy: expected 8 values', '7/scores.npy: expected 8 values'],
    ['Got “/home/ada/runs/77/a.npy”, 8/255 and https://example.org/a/b/c.', 'Got “a.npy”, 8/255 and https://example.org/a/b/c.'],
    ["ENOENT, open 'C:\\Users\\Ada L\\mnist.gz'", "ENOENT, open 'mnist.gz'"],
    [`Nothing in ${join(homedir(), 'my data', 'mnist')}`, 'Nothing in ~/my data/mnist'],
  ])('are cut in what is said of a run: %s', (said, read) => {
    expect(publicText(said, names)).toBe(homedir() === '/' ? said : read);
  }); // prettier-ignore

  it('leave no folder in any sentence', () => {
    const folder = fc.stringMatching(/^secret[a-z0-9._-]{1,8}$/);
    const path = fc.tuple(
      fc.constantFrom('/', 'C:\\', '~/'),
      fc.array(folder, { minLength: 1, maxLength: 5 }),
      fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,4})?$/),
    );
    const sentence = fc.constantFrom(
      (path: string) => `${path}: expected at least one image, found none.`,
      (path: string) => `The classifier in "${path}" takes other inputs.`,
      (path: string) => `Error: ENOENT: no such file or directory, open '${path}'`,
      (path: string) => `Found (${path}), and ${path}.`,
    );
    fc.assert(
      fc.property(path, sentence, ([root, folders, file], said) => {
        const separator = root === 'C:\\' ? '\\' : '/';
        const cut = publicText(said(`${root}${[...folders, file].join(separator)}`), names);
        expect(cut).not.toContain('secret');
        expect(cut).toContain(file);
      }),
    );
  });

  it('are found wherever they stand in a spec, valid or not', () => {
    const spec = {
      task: {
        name: 'backdoor',
        run_path: resolve('/home/ada/runs/7'),
        data: { name: 'image-folder', folder: '/home/ada/birds' },
      },
      detector: { name: 'nonsense', path: 3 },
    };
    expect(publicSpec('detector', spec, names)).toEqual({
      task: { name: 'backdoor', run_path: '7', data: { name: 'image-folder', folder: 'birds' } },
      detector: { name: 'nonsense', path: 3 },
    });
  });
});
