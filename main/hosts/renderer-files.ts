import { existsSync, realpathSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';

/**
 * What pages of the program may load: themselves and nothing from elsewhere. Styles may stand in attributes, since
 * positions of popovers and virtual rows are computed; neither scripts nor style sheets may stand in the page.
 */
export const contentSecurityPolicy = [
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

/** Headers of every answer, whichever host gives it. */
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
export interface RendererFile {
  path: string;
  type: string;
  /** Its name changes with its content. */
  isImmutable: boolean;
}

/** @throws CupbearerError `not-found` where the renderer has not been built. */
export function requireRenderer(folder: string): void {
  if (existsSync(join(folder, 'index.html'))) return;
  throw new CupbearerError('not-found', `The pages of the program are not in "${folder}".`, {
    hint: 'npm run build makes them.',
  });
}

/** The file that the path of an address names, or undefined where there is none inside `folder`. */
export function findRendererFile(folder: string, pathname: string): RendererFile | undefined {
  const name = decoded(pathname);
  if (name === undefined || /[\\\0]/.test(name)) return undefined;
  const path = join(folder, name === '/' ? 'index.html' : name);
  const type = types[extname(path).toLowerCase()];
  if (type === undefined || !statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  // A link could lead out of the folder, and so could "..": what counts is where the file really is.
  if (!realpathSync(path).startsWith(realpathSync(folder) + sep)) return undefined;
  return { path, type, isImmutable: name.startsWith('/assets/') };
}

function decoded(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}
