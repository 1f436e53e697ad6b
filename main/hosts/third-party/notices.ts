/** `npm run notices`, part of `npm run build`: writes the licences of all that the program contains into dist. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledPackages } from './bundled-packages.ts';
import type { Component } from './component.ts';
import { licensedPackages, readLockedPackages, runtimePackages } from './npm-packages.ts';
import { otherParts } from './other-parts.ts';

/** Not .md: electron-builder leaves those out. */
const noticesFile = 'THIRD-PARTY-NOTICES.txt';

const rule = '='.repeat(80);

/** Returns the notices for the program in `root`. @throws Error naming what has no licence, or one not allowed. */
export function thirdPartyNotices(root: string): string {
  const packages = readLockedPackages(root);
  const paths = new Set([...runtimePackages(packages), ...bundledPackages(root)]);
  const parts = otherParts(root);
  const remarks = parts.map(({ name, within, remark }) =>
    [name, within === undefined ? '' : ` (in ${within})`, `: ${remark}`].join(''),
  );
  return [
    'Cupbearer contains the software and fonts below. Each licence is followed by its text.',
    'Electron contains Chromium and Node.js. Their licences lie beside the installed program:',
    'LICENSE.electron.txt and LICENSES.chromium.html.',
    '',
    ...remarks,
    '',
    ...noticeBlocks([...licensedPackages(root, packages, [...paths]), ...parts]),
  ].join('\n');
}

/** Returns one block for each set of texts, under the names of all that are licensed by it; sorted by name. */
export function noticeBlocks(components: readonly Component[]): string[] {
  const byText = new Map<string, Set<string>>();
  const titles = components.map((component) => ({ title: titleOf(component), texts: component.texts }));
  for (const { title, texts } of titles.sort((a, b) => (a.title < b.title ? -1 : 1))) {
    const text = texts.map(plain).join('\n\n');
    byText.set(text, (byText.get(text) ?? new Set()).add(title));
  }
  return [...byText].map(([text, names]) => [rule, ...names, '', text, ''].join('\n'));
}

/** Returns the line that names a component in the notices. */
export function titleOf({ name, version, licence }: Component): string {
  return `${name}${version === undefined ? '' : ` ${version}`} (${licence.replace(/^\((.*)\)$/, '$1')})`;
}

/** Returns `text` without byte order mark, trailing spaces and carriage returns, which differ between packages. */
function plain(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/[ \t]*\r?\n/g, '\n')
    .trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const notices = thirdPartyNotices(root);
  // The window shows the first; installers carry the second beside the program's archive.
  for (const folder of [join('dist', 'renderer'), 'dist']) writeFileSync(join(root, folder, noticesFile), notices);
}
