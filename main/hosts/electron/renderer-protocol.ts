import { readFile } from 'node:fs/promises';
import { protocol, type Session } from 'electron';
import { findRendererFile, securityHeaders } from '../renderer-files.ts';
import { isOwnAddress, scheme } from './address.ts';

/** Makes the program's scheme one with an origin of its own; must be called before Electron is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the built renderer in `folder` to the windows of a session, under the same policy as the web host. */
export function serveRenderer(session: Session, folder: string): void {
  session.protocol.handle(scheme, async ({ url, method }) => {
    const file = isOwnAddress(url) && method === 'GET' ? findRendererFile(folder, new URL(url).pathname) : undefined;
    if (!file) return new Response('There is nothing at this address.', { status: 404, headers: securityHeaders });
    return new Response(await readFile(file.path), { headers: { ...securityHeaders, 'content-type': file.type } });
  });
}
