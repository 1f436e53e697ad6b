import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { kernelModules, kernelPath, kernelsFolder } from './modules.ts';
import type { KernelVariant } from './modules.ts';

const sourcesFolder = fileURLToPath(new URL('assembly/', import.meta.url));
const stampPath = join(kernelsFolder, 'sources.sha256');

const variants: { name: KernelVariant; features: string[] }[] = [
  { name: 'simd', features: ['--enable', 'simd'] },
  { name: 'relaxed-simd', features: ['--enable', 'simd', '--enable', 'relaxed-simd'] },
];

/** SHA-256 (hex) over everything that determines the built modules: sources, this script, compiler version. */
function hashOfSources(): string {
  const hash = createHash('sha256');
  const compiler = createRequire(import.meta.url)('assemblyscript/package.json') as { version: string };
  hash.update(compiler.version);
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of globSync('**/*.ts', { cwd: sourcesFolder }).sort()) {
    hash.update(file.replaceAll('\\', '/'));
    hash.update(readFileSync(join(sourcesFolder, file)));
  }
  return hash.digest('hex');
}

function writeAtomically(path: string, contents: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, contents);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Whether a module has a data section (id 11), which would overwrite what lies in the memory it is given. */
function hasData(binary: Uint8Array): boolean {
  for (let at = 8; at < binary.length;) {
    const id = binary[at++];
    if (id === 11) return true;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++]!;
      size += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return false;
}

async function compile(module: string, features: string[]): Promise<Uint8Array> {
  const { default: asc } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  // prettier-ignore
  const options = [
    `${module}/index.ts`, '--baseDir', sourcesFolder, '--outFile', 'module.wasm',
    // The tensor kernels work in the memory of the tfjs backend, so a module may bring no memory, no heap and no data.
    // Threads share that memory, of up to 4 GiB.
    '--importMemory', '--enable', 'threads', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536',
    '--runtime', 'stub', '-O3', '--noAssert', '--converge', ...features,
  ];
  let messages = '';
  const { error } = await asc.main(options, {
    stderr: {
      write: (chunk: string | Uint8Array) => {
        messages += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      },
    },
    writeFile: (_name: string, contents: string | Uint8Array) => {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  if (error !== null || binary === undefined)
    throw new Error(`Compiling kernels/assembly/${module} failed:\n${messages}`, { cause: error });
  if (WebAssembly.Module.exports(new WebAssembly.Module(Buffer.from(binary))).length === 0 || hasData(binary))
    throw new Error(`kernels/assembly/${module} must export functions and hold no static data.`);
  return binary;
}

/** Builds the WebAssembly modules if they are missing or older than their sources; true when anything was built. */
export async function buildKernels(): Promise<boolean> {
  const hash = hashOfSources();
  const outputs = kernelModules.flatMap((module) => variants.map((variant) => kernelPath(module, variant.name)));
  const isCurrent =
    outputs.every((path) => existsSync(path)) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === hash;
  if (isCurrent) return false;
  mkdirSync(kernelsFolder, { recursive: true });
  for (const module of kernelModules)
    for (const variant of variants)
      writeAtomically(kernelPath(module, variant.name), await compile(module, variant.features));
  writeAtomically(stampPath, hash);
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const built = await buildKernels();
  console.log(built ? 'Compute kernels built.' : 'Compute kernels are up to date.');
}
