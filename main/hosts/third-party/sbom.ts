/** `npm run sbom`: writes the bill of materials as a CycloneDX file, which scanners for vulnerabilities read. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { createFolder } from '../../storage/create-folder.ts';
import { bundledPackages } from './bundled-packages.ts';
import { nameOf, readLockedPackages, runtimePackages } from './npm-packages.ts';
import { otherParts, type OtherPart } from './other-parts.ts';
import { given } from '../../../shared/given.ts';

/** A component as CycloneDX 1.5 describes it, as far as npm and this file do. */
export interface BomComponent {
  'bom-ref': string;
  type: 'application' | 'file' | 'library';
  name: string;
  version?: string;
  scope?: 'excluded' | 'optional' | 'required';
  description?: string;
  licenses?: object[];
  hashes?: { alg: string; content: string }[];
  components?: BomComponent[];
  [key: string]: unknown;
}

/** A bill of materials. */
export interface Bom {
  bomFormat: 'CycloneDX';
  specVersion: string;
  serialNumber: string;
  metadata: { component: BomComponent; [key: string]: unknown };
  components: BomComponent[];
  dependencies: { ref: string; dependsOn?: string[] }[];
  [key: string]: unknown;
}

/**
 * Returns the bill of materials of the program in `root`: npm's own, with the parts that are not npm packages. The
 * scope says what is shipped (required), what is fetched on demand (optional), and what is only used to build
 * and tests (excluded).
 */
export function billOfMaterials(root: string): Bom {
  const bom = npmBom(root);
  const packages = readLockedPackages(root);
  const shipped = new Set(
    [...runtimePackages(packages), ...bundledPackages(root)].map(
      (path) => `${nameOf(path)}@${packages[path]!.version}`,
    ),
  );
  const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string };
  const parts = otherParts(root);
  return {
    ...bom,
    // npm puts the name of the folder here.
    metadata: { ...bom.metadata, component: { ...bom.metadata.component, name } },
    components: [
      ...bom.components.map((component): BomComponent => {
        const within = parts.filter((part) => part.within === component.name).map((part) => partComponent(root, part));
        return {
          ...component,
          scope: shipped.has(component['bom-ref']) ? 'required' : 'excluded',
          ...(within.length > 0 ? { components: within } : {}),
        };
      }),
      ...parts.filter(({ within }) => within === undefined).map((part) => partComponent(root, part)),
      tensorflow,
    ],
  };
}

/** Its version is chosen at installation. */
const tensorflow: BomComponent = {
  'bom-ref': 'part:tensorflow',
  type: 'library',
  name: 'tensorflow',
  scope: 'optional',
  purl: 'pkg:pypi/tensorflow',
  description: 'The C library of TensorFlow, which "cupbearer engine install tensorflow" takes out of a Python wheel.',
  licenses: [{ license: { id: 'Apache-2.0' } }],
};

function partComponent(root: string, { kind, name, version, licence, remark, files = [] }: OtherPart): BomComponent {
  const known = name === 'SQLite' ? sqliteVersion() : version;
  return {
    'bom-ref': `part:${name.toLowerCase()}`,
    type: kind === 'font' ? 'file' : 'library',
    name,
    ...given({ version: known }),
    scope: 'required',
    description: remark,
    licenses: [{ license: { id: licence } }],
    ...(files.length > 0 ? { components: files.map((file) => fileComponent(root, file)) } : {}),
  };
}

function fileComponent(root: string, file: string): BomComponent {
  const content = createHash('sha256')
    .update(readFileSync(join(root, file)))
    .digest('hex');
  return { 'bom-ref': `file:${file}`, type: 'file', name: file, hashes: [{ alg: 'SHA-256', content }] };
}

/** Returns the version of SQLite in better-sqlite3. Its package does not state it. */
function sqliteVersion(): string {
  const database = new Database(':memory:');
  try {
    return database.prepare('SELECT sqlite_version()').pluck().get() as string;
  } finally {
    database.close();
  }
}

/** Returns npm's own bill of materials of the lockfile, made without the network. @throws Error with what npm says. */
function npmBom(root: string): Bom {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--offline'];
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64_000_000,
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}${stdout}`);
  return JSON.parse(stdout) as Bom;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const file = join(root, 'dist', 'sbom.cdx.json');
  createFolder(join(root, 'dist'));
  writeFileSync(file, `${JSON.stringify(billOfMaterials(root), null, 2)}\n`);
  process.stdout.write(`${file}\n`);
}
