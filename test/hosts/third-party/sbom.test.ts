import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { billOfMaterials, type Bom, type BomComponent } from '../../../main/hosts/third-party/sbom.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

let bom: Bom;
beforeAll(() => {
  // Nothing listens there: the file is made without the network.
  vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9/');
  bom = billOfMaterials(root);
});
afterAll(() => vi.unstubAllEnvs());

/** All components with those inside them. */
const all = (components: readonly BomComponent[]): BomComponent[] =>
  components.flatMap((component) => [component, ...all(component.components ?? [])]);
const named = (name: string) => all(bom.components).filter((component) => component.name === name);

it('is CycloneDX 1.5', () => {
  // Of the schema, what scanners rely on.
  const licence = z.union([
    z.strictObject({ license: z.union([z.object({ id: z.string() }), z.object({ name: z.string() })]) }),
    z.strictObject({ expression: z.string() }),
  ]);
  const component = z.object({
    'bom-ref': z.string().min(1),
    type: z.enum(['application', 'library', 'file']),
    name: z.string().min(1),
    version: z.string().optional(),
    scope: z.enum(['required', 'optional', 'excluded']).optional(),
    purl: z.string().startsWith('pkg:').optional(),
    licenses: z.array(licence).optional(),
    hashes: z
      .array(z.strictObject({ alg: z.enum(['SHA-256', 'SHA-512', 'SHA-1']), content: z.string().regex(/^[a-f0-9]+$/) }))
      .optional(),
    get components() {
      return z.array(component).optional();
    },
  });
  const schema = z.object({
    bomFormat: z.literal('CycloneDX'),
    specVersion: z.literal('1.5'),
    serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    version: z.literal(1),
    metadata: z.object({ timestamp: z.iso.datetime(), component }),
    components: z.array(component),
    dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()).optional() })),
  });
  expect(schema.safeParse(bom).error?.issues ?? []).toEqual([]);
  const refs = all(bom.components).map((component_) => component_['bom-ref']);
  expect(new Set(refs).size).toBe(refs.length);
  const known = new Set([...refs, bom.metadata.component['bom-ref']]);
  const meant = bom.dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]);
  expect(meant.filter((ref) => !known.has(ref))).toEqual([]);
});

it('names every direct dependency, and what is no package', () => {
  const packageFile = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies'])
    for (const [name, version] of Object.entries(packageFile[kind]!))
      expect(named(name).map((component) => component.version)).toContain(version);
  expect(bom.metadata.component.name).toBe('cupbearer');
  for (const name of ['Inter', 'Skia', 'SQLite', 'XNNPACK', 'tensorflow']) expect(named(name), name).toHaveLength(1);
  expect(named('SQLite')[0]!.version).toMatch(/^3\.\d+\.\d+$/);
  expect(named('better-sqlite3')[0]!.components).toEqual(named('SQLite'));
});

it('tells what is shipped from what builds and tests', () => {
  const scopeOf = (name: string) => named(name).map(({ scope }) => scope);
  for (const name of [
    'better-sqlite3',
    'electron',
    'svelte',
    'assemblyscript',
    'webgpu',
    '@napi-rs/canvas-win32-x64-msvc',
    'Inter',
  ])
    expect(scopeOf(name), name).toEqual(['required']);
  for (const name of ['vitest', 'eslint', 'electron-builder']) expect(scopeOf(name), name).toEqual(['excluded']);
  // What finds unused code has one of its own, of another version.
  expect(scopeOf('zod')).toEqual(['excluded', 'required']);
  expect(scopeOf('tensorflow')).toEqual(['optional']);
});

it('differs from one time to the next by number and time alone', () => {
  const still = (made: Bom) => ({ ...made, serialNumber: '', metadata: { ...made.metadata, timestamp: '' } });
  expect(still(billOfMaterials(root))).toEqual(still(bom));
});
