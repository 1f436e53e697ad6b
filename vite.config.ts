import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { bundledPackagesFile, packagesOfModules } from './main/hosts/third-party/bundled-packages.ts';
import { readLockedPackages } from './main/hosts/third-party/npm-packages.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Lists the packages that the pages contain, whose licences are shipped. */
const listPackages: Plugin = {
  name: 'list-packages',
  writeBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
    const packages = packagesOfModules(at('.'), modules, readLockedPackages(at('.')));
    writeFileSync(at(bundledPackagesFile), `${JSON.stringify(packages, null, 2)}\n`);
  },
};

export default defineConfig({
  root: at('renderer'),
  // Electron's own protocol and the web host serve the same files from wherever they like.
  base: './',
  plugins: [svelte({ configFile: at('svelte.config.mjs') }), listPackages],
  build: {
    outDir: at('dist/renderer'),
    emptyOutDir: true,
    target: 'chrome130',
    // A data: URL would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
