/**
 * Writes the program as Electron runs it to dist/electron: the same files as JavaScript, in the same places, since
 * Electron does not read TypeScript and the processes find their entries, kernels and fonts by where they lie. The
 * preload script alone becomes CommonJS, the one form that a sandboxed page's preload may have.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const target = join(root, 'dist', 'electron');
const preload = join('main', 'hosts', 'electron', 'preload.ts');

/** What the compiled program does not need: other hosts, and sources of what is built already. */
const leftOut = [
  join('main', 'hosts', 'cli'),
  join('main', 'hosts', 'web'),
  join('main', 'hosts', 'third-party'),
  join('main', 'hosts', 'electron', 'build'),
  join('main', 'hosts', 'electron', 'before-pack.ts'),
  join('main', 'hosts', 'electron', 'sign-updates.ts'),
  join('main', 'hosts', 'electron', 'start.ts'),
  join('main', 'tensor', 'kernels', 'assembly'),
  join('main', 'tensor', 'kernels', 'build.ts'),
];

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  module: ts.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
  newLine: ts.NewLineKind.LineFeed,
};

/** `new URL('./entry.ts', import.meta.url)` names a file, too, and its name ends differently now. */
const renameEntries: ts.TransformerFactory<ts.SourceFile> = (context) => (source) => {
  const visit = (node: ts.Node): ts.Node => {
    if (ts.isNewExpression(node) && node.expression.getText(source) === 'URL') {
      const [name, base] = node.arguments ?? [];
      if (name && base && ts.isStringLiteral(name) && /^\..*\.ts$/.test(name.text)) {
        const renamed = context.factory.createStringLiteral(name.text.replace(/\.ts$/, '.js'));
        return context.factory.updateNewExpression(node, node.expression, node.typeArguments, [renamed, base]);
      }
    }
    return ts.visitEachChild(node, visit, context);
  };
  return ts.visitNode(source, visit) as ts.SourceFile;
};

/** Compiles a source file to JavaScript. @throws Error naming file and line if it has syntax errors. */
export function compile(source: string, file: string): string {
  const isPreload = file === preload;
  const { outputText, diagnostics = [] } = ts.transpileModule(source, {
    fileName: isPreload ? file.replace(/\.ts$/, '.cts') : file,
    compilerOptions: isPreload ? { ...options, module: ts.ModuleKind.CommonJS, verbatimModuleSyntax: false } : options,
    transformers: { before: [renameEntries] },
    reportDiagnostics: true,
  });
  if (diagnostics.length > 0) {
    const host = {
      getCanonicalFileName: (name: string) => name,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    };
    throw new Error(ts.formatDiagnostics(diagnostics, host));
  }
  return outputText;
}

/** Builds dist/electron. Returns the number of compiled files. */
export function build(): number {
  rmSync(target, { recursive: true, force: true });
  const files = ['main', 'shared'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.d.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((file) => !leftOut.some((other) => file.startsWith(other))),
  );
  const sources = files.filter((file) => file.endsWith('.ts'));
  // What lies beside the code is read by it: kernels, the style of reports.
  for (const file of files.filter((other) => !other.endsWith('.ts'))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
  for (const file of sources) {
    const output = join(target, file.replace(/\.ts$/, file === preload ? '.cjs' : '.js'));
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, compile(readFileSync(join(root, file), 'utf8'), file));
  }
  for (const place of [join('resources', 'fonts'), join('resources', 'icons', 'png', '32x32.png')])
    cpSync(join(root, place), join(target, place), { recursive: true });
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(target, 'package.json'), `${JSON.stringify({ name, version, type: 'module' })}\n`);
  return sources.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
