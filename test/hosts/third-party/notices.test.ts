import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagesOfModules } from '../../../main/hosts/third-party/bundled-packages.ts';
import { isAllowed } from '../../../main/hosts/third-party/licence-policy.ts';
import { noticeBlocks, thirdPartyNotices, titleOf } from '../../../main/hosts/third-party/notices.ts';
import {
  licensedPackages,
  readLockedPackages,
  runtimePackages,
  type LockedPackages,
} from '../../../main/hosts/third-party/npm-packages.ts';
import { otherParts } from '../../../main/hosts/third-party/other-parts.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('a licence', () => {
  it.each([
    ['MIT', true],
    ['GPL-3.0-only', false],
    ['MIT AND ISC', true],
    ['MIT AND GPL-3.0-only', false],
    ['(MPL-2.0 OR Apache-2.0)', true],
    ['MIT OR GPL-3.0-only AND GPL-2.0-only', true],
    ['(MIT OR GPL-3.0-only) AND GPL-2.0-only', false],
    ['(GPL-3.0-only OR (MIT AND ISC))', true],
    ['UNLICENSED', false],
    ['SEE LICENSE IN LICENSE', false],
    ['MIT ISC', false],
    ['(MIT', false],
    ['MIT)', false],
    ['', false],
  ])('%s: %s', (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });
});

describe('packages', () => {
  let place: string;
  beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'cupbearer-licences-'))));
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), text);
  };

  it('come with every licence and notice in their folders', () => {
    write('node_modules/a/LICENSE', 'the licence');
    write('node_modules/a/NOTICE.md', 'the notice');
    write('node_modules/a/index.js', 'the code');
    const packages = { 'node_modules/a': { version: '1.0.0', license: 'Apache-2.0' } };
    expect(licensedPackages(place, packages, ['node_modules/a'])).toEqual([
      { name: 'a', version: '1.0.0', licence: 'Apache-2.0', texts: ['the licence', 'the notice'] },
    ]);
  });

  it('without a licence, or with one that is not allowed, are named all at once', () => {
    write('node_modules/copyleft/COPYING', 'share alike');
    write('node_modules/@scope/silent/license', 'a text');
    write('node_modules/textless/index.js', '');
    const packages = {
      'node_modules/copyleft': { version: '1.0.0', license: 'AGPL-3.0-only' },
      'node_modules/@scope/silent': { version: '2.0.0' },
      'node_modules/textless': { version: '3.0.0', license: 'MIT' },
      'node_modules/gone': { version: '4.0.0', license: 'MIT' },
    };
    expect(() => licensedPackages(place, packages, Object.keys(packages))).toThrow(
      [
        'The licence of copyleft 1.0.0 is not allowed: AGPL-3.0-only.',
        '@scope/silent 2.0.0 names no licence.',
        'textless 3.0.0 has no file with its licence.',
        'gone 4.0.0 has no file with its licence.',
      ].join('\n'),
    );
  });

  it('for other systems have the licence of the package that they are a part of', () => {
    write('node_modules/a/LICENSE', 'the licence');
    const packages: LockedPackages = {
      'node_modules/a': { version: '1.0.0', license: 'MIT', optionalDependencies: { 'a-win32': '1.0.0', b: '1.0.0' } },
      'node_modules/a-win32': { version: '1.0.0', license: 'MIT', optional: true },
      // Optional, not installed, and of another licence: nothing is known of it, and it is not packed from here.
      'node_modules/b': { version: '1.0.0', license: 'ISC', optional: true },
    };
    const found = licensedPackages(place, packages, Object.keys(packages));
    expect(found.map(({ name, texts }) => [name, ...texts])).toEqual([
      ['a', 'the licence'],
      ['a-win32', 'the licence'],
    ]);
  });

  it('of a bundle are found by the modules in it', () => {
    const packages = {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/a/node_modules/b': { version: '1.0.0' },
      'node_modules/ab': { version: '1.0.0' },
    };
    const modules = ['a/x.js', 'a/node_modules/b/y.js', 'ab/z.js', 'a/w.js'].map((id) => `/p/node_modules/${id}`);
    expect(packagesOfModules('/p', [...modules, '/p/renderer/main.ts', '\0virtual'], packages)).toEqual([
      'node_modules/a',
      'node_modules/a/node_modules/b',
      'node_modules/ab',
    ]);
    expect(() => packagesOfModules('/p', ['/p/node_modules/c/x.js'], packages)).toThrow('belongs to no package');
  });
});

describe('the notices', () => {
  it('name each component of the program once, above its licence', () => {
    const notices = thirdPartyNotices(root);
    const packages = readLockedPackages(root);
    const components = licensedPackages(root, packages, runtimePackages(packages));
    expect(components.length).toBeGreaterThan(150);
    const lines = notices.split('\n');
    for (const component of [...components, ...otherParts(root)])
      expect(
        lines.filter((line) => line === titleOf(component)),
        component.name,
      ).toHaveLength(1);
    expect(notices).not.toContain('{copyright}');
    expect(notices).not.toContain('\r');
  });

  it('are the same for the same components, in any order', () => {
    const a = { name: 'a', version: '1', licence: 'MIT', texts: ['one \r\ntext\r\n'] };
    const b = { name: 'b', version: '1', licence: '(MIT)', texts: ['\uFEFFone\ntext'] };
    const c = { name: 'c', licence: 'ISC', texts: ['another', 'and a notice'] };
    const blocks = noticeBlocks([c, b, a]);
    expect(blocks).toEqual(noticeBlocks([a, b, c]));
    const rule = '='.repeat(80);
    expect(blocks).toEqual([
      `${rule}\na 1 (MIT)\nb 1 (MIT)\n\none\ntext\n`,
      `${rule}\nc (ISC)\n\nanother\n\nand a notice\n`,
    ]);
  });

  it('know every font, and the licence of each other part', () => {
    const fonts = readdirSync(join(root, 'resources', 'fonts')).filter((name) => name !== 'OFL.txt');
    for (const { name, licence } of otherParts(root)) expect(isAllowed(licence), name).toBe(true);
    const named = otherParts(root).flatMap(({ files = [] }) => files);
    expect(named.sort()).toEqual(fonts.map((name) => `resources/fonts/${name}`).sort());
  });
});
