import { existsSync, realpathSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';

/**
 * What the program's pages may load: only the program's own files. Styles are allowed in attributes, because positions
 * of popovers and virtual rows are computed; inline scripts and style sheets are not allowed.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "frame-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every response, whichever host sends it. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()',
};

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
};

/** A file of the renderer. */
interface RendererFile {
  path: string;
  type: string;
  bytes: number;
  /** Its name changes with its content. */
  isImmutable: boolean;
}

/** @throws CupbearerError `not-found` if the renderer has not been built. */
export function requireRenderer(folder: string): void {
  if (existsSync(join(folder, 'index.html'))) return;
  throw new CupbearerError('not-found', `The pages of the program are not in "${folder}".`, {
    hint: 'npm run build makes them.',
  });
}

/**
 * Names that the build uses for files and folders: nothing hidden, no "..", nothing with a special meaning to a system.
 */
const namesOfFile = /^(\/[\w-][\w.-]{0,200}){1,8}$/;

/**
 * Returns the file that the path of an address names; undefined if there is none inside `folder`, whatever the path.
 */
export function findRendererFile(folder: string, pathname: string): RendererFile | undefined {
  const name = pathname === '/' ? '/index.html' : pathname;
  if (!namesOfFile.test(name)) return undefined;
  const path = join(folder, name);
  const type = types[extname(path).toLowerCase()];
  if (type === undefined) return undefined;
  try {
    const found = statSync(path);
    // A link could lead out of the folder, so the real path is checked.
    if (!found.isFile() || !realpathSync(path).startsWith(realpathSync(folder) + sep)) return undefined;
    return { path, type, bytes: found.size, isImmutable: name.startsWith('/assets/') };
  } catch {
    // Missing, unreadable, or a name that this system does not take: to the visitor all the same.
    return undefined;
  }
}
