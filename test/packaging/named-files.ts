/**
 * Prints as JSON what the compiled program in the folder that is given names (by `import`, `export ... from`, `import()`, `require`,
 * `require.resolve` and `new URL(..., import.meta.url)`), and what of it is not there. Node.js itself resolves the names, with
 * `--experimental-import-meta-resolve`, so that a package counts only with the file that its exports lead to.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

/** What {@link file://./packed-program.test.ts} reads. */
export interface NamedFiles {
  /** How often each kind of name was found. */
  found: Record<'module' | 'required' | 'file', number>;
  missing: string[];
}

/** A name in a file, and how it is looked up. */
interface Name {
  kind: keyof NamedFiles['found'];
  text: string;
}

function namesIn(source: ts.SourceFile): Name[] {
  const names: Name[] = [];
  const add = (kind: Name['kind'], node: ts.Node | undefined) => {
    if (node && ts.isStringLiteralLike(node)) names.push({ kind, text: node.text });
    // Of several files at once, the folder is known.
    else if (kind === 'file' && node && ts.isTemplateExpression(node))
      names.push({ kind, text: node.head.text.replace(/[^/]*$/, '') });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add('module', node.moduleSpecifier);
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText(source);
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) add('module', node.arguments[0]);
      else if (/(^|\.)require(\.resolve)?$|^createRequire\(.*\)(\.resolve)?$/.test(callee))
        add('required', node.arguments[0]);
    }
    if (ts.isNewExpression(node) && node.expression.getText(source) === 'URL') {
      const [name, base] = node.arguments ?? [];
      if (base?.getText(source) === 'import.meta.url') add('file', name);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** The path that a name leads to from a file; undefined for what Node.js and Electron bring along. */
function pathOf({ kind, text }: Name, file: string): string | undefined {
  if (kind === 'file') return join(dirname(file), text);
  if (isBuiltin(text) || text === 'electron') return undefined;
  if (kind === 'required') return createRequire(file).resolve(text);
  return fileURLToPath(import.meta.resolve(text, pathToFileURL(file)));
}

const [program = ''] = process.argv.slice(2);
const code = join(program, 'dist', 'electron');
const result: NamedFiles = { found: { module: 0, required: 0, file: 0 }, missing: [] };
for (const name of readdirSync(code, { recursive: true, encoding: 'utf8' }).filter((entry) =>
  /\.[cm]?js$/.test(entry),
)) {
  const file = join(code, name);
  for (const found of namesIn(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true))) {
    result.found[found.kind]++;
    try {
      const path = pathOf(found, file);
      if (path === undefined || existsSync(path)) continue;
    } catch {
      // Neither the package nor what it exports is there.
    }
    result.missing.push(`${relative(program, file)}: ${found.text}`);
  }
}
process.stdout.write(JSON.stringify(result));
