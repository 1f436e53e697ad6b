import { readFileSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { given } from '../../shared/given.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { PluginFault } from '../plugins/messages.ts';
import { MissingPackage } from './plugin-modules.ts';

const mostMessage = 4_000;
const mostTraceback = 20_000;

interface Spot {
  file: string;
  line: number;
}

/** Returns what went wrong in the modules below `content`, and where. */
export function findFault(error: unknown, content: string): PluginFault {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const said = wordsOf(error, message);
  const spot = spotOf(error, stack, content);
  return {
    message: said.slice(0, mostMessage),
    ...spot,
    traceback: stack.slice(0, mostTraceback),
    ...given({
      missing: error instanceof MissingPackage ? error.missing.slice(0, 200) : undefined,
      cancelled: error instanceof CupbearerError && error.code === 'cancelled' ? true : undefined,
      place: error instanceof DefinitionFault ? error.place : undefined,
    }),
  };
}

/** A definition that is not as it should be, and where in it. */
export class DefinitionFault extends Error {
  readonly place: string[];

  constructor(place: readonly string[], message: string) {
    super(`${place.join('.')}: ${message}`);
    this.place = [...place];
  }
}

function wordsOf(error: unknown, message: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // Node strips types and does not compile, so what has no counterpart in JavaScript is not for plugins.
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return `${message.replace(/ is not supported in strip-only mode$/, '')} is not supported: plugins run with their types stripped, so enums, namespaces, parameter properties and decorators cannot be used`;
  return error instanceof CupbearerError && error.hint !== undefined ? `${message} ${error.hint}` : message;
}

function spotOf(error: unknown, stack: string, content: string): Partial<Spot> {
  if (error instanceof MissingPackage) return spotOfImport(error.importer, error.missing, content);
  const [, missing, importer] = /^Cannot find module '([^']+)' imported from (.+)$/.exec(messageOf(error)) ?? [];
  if (missing !== undefined && importer !== undefined)
    return spotOfImport(importer, relative(content, missing).split(sep).at(-1), content);
  return spotInStack(stack, content) ?? {};
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

/** The first place in the stack, or in the line that Node puts before it, that is in the folder. */
function spotInStack(stack: string, content: string): Spot | undefined {
  for (const [, url, line] of stack.matchAll(/(file:\/\/\/(?:[A-Za-z]:)?[^\s():]*):(\d+)/g)) {
    const inside = insideOf(fileURLToPath(url!), content);
    if (inside !== undefined) return { file: inside, line: Number(line) };
  }
  return undefined;
}

function spotOfImport(importer: string, specifier: string, content: string): Partial<Spot> {
  const file = insideOf(importer, content);
  if (file === undefined) return {};
  const lines = readFileSync(importer, 'utf8').split('\n');
  const at = lines.findIndex((line) => /\b(from|import)\b/.test(line) && line.includes(specifier));
  return { file, ...(at === -1 ? {} : { line: at + 1 }) };
}

function insideOf(file: string, content: string): string | undefined {
  const inside = relative(content, file);
  return inside.startsWith('..') || isAbsolute(inside) ? undefined : inside.split(sep).join('/');
}
