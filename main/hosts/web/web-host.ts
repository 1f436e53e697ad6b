import { createReadStream, statSync } from 'node:fs';
import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import type { StandardHandler } from '@orpc/server/standard';
import { WebSocketServer } from 'ws';
import { findRendererFile, securityHeaders } from '../renderer-files.ts';
import { Access, isLoopbackHost, isOwnOrigin } from './access.ts';
import { listenFrom } from './listen.ts';
import { plainPage } from './pages.ts';
import { mostConnections, mostMessageBytes } from '../message-limits.ts';
import { answerSocket, closeCodes } from './rpc-socket.ts';

export interface WebHostOptions {
  /** Answers the calls of the contract. */
  handler: StandardHandler<Record<never, never>>;
  /** The built renderer. */
  folder: string;
  /** The first port that is tried; 0 for any that is free. */
  port: number;
  /** The largest message that is read, bytes. */
  maxMessageBytes?: number;
}

/** A running web host. */
export interface WebHost {
  readonly port: number;
  /** An address that lets its visitor in, once; each that was used makes a new one. */
  link(): string;
  /** Closes all connections with the reason, and the port. */
  close(reason: string): Promise<void>;
}

/** How long browsers may take to answer the closing of a connection. */
const closeGraceMs = 500;

/**
 * Serves the program's pages and answers their calls, on this machine's own address alone (127.0.0.1).
 * @throws CupbearerError `conflict` where no port near the one asked for is free.
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const server = createServer();
  const port = await listenFrom(server, options.port);
  const access = new Access(`${hostname()}:${port}`);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes ?? mostMessageBytes,
    perMessageDeflate: false,
  });

  server.on('request', (request, response) => {
    try {
      answerRequest(request, response, access, options.folder);
    } catch {
      sendPage(response, 500, 'Something went wrong', 'The program could not answer. Reload the page to try again.');
    }
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const refusal =
      refusalOf(request, access) ??
      (request.url !== '/rpc' ? notFound : sockets.clients.size >= mostConnections ? tooManyConnections : undefined);
    if (refusal) {
      refuseUpgrade(socket, refusal);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (connection) => answerSocket(connection, options.handler));
  });

  return {
    port,
    link: () => `http://127.0.0.1:${port}/?token=${access.token}`,
    close: async (reason) => {
      for (const connection of sockets.clients) connection.close(closeCodes.goingAway, reason);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => {
        for (const connection of sockets.clients) connection.terminate();
        server.closeAllConnections();
      }, closeGraceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Why a request is not answered, for the person who may be behind it. */
interface Refusal {
  status: number;
  title: string;
  text: string;
}

const notFound: Refusal = { status: 404, title: 'Not found', text: 'There is nothing at this address.' };

const tooManyConnections: Refusal = {
  status: 503,
  title: 'Too many windows',
  text: `${mostConnections} windows are connected already. Close some of them and try again.`,
};

const howToGetIn =
  'Open the link that "cupbearer serve" printed in its terminal. Each link lets one browser in; press Enter there for a new one.';

/** Checks that hold for pages and for connections alike. */
function refusalOf({ headers }: IncomingMessage, access: Access): Refusal | undefined {
  if (!isLoopbackHost(headers.host)) {
    const text = 'This program answers to 127.0.0.1 and localhost alone. Open it by the link that it printed.';
    return { status: 403, title: 'Wrong address', text };
  }
  if (!isOwnOrigin(headers.origin, headers.host!)) {
    const text = 'A page from elsewhere asked for this, which is not allowed.';
    return { status: 403, title: 'Refused', text };
  }
  if (!access.isAllowed(headers.cookie)) return { status: 401, title: 'Not signed in', text: howToGetIn };
  return undefined;
}

function answerRequest(request: IncomingMessage, response: ServerResponse, access: Access, folder: string): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    sendPage(response, 405, 'Not possible', 'Pages can be read here, nothing else.');
    return;
  }
  const address = URL.parse(request.url ?? '/', 'http://127.0.0.1');
  if (!address) {
    sendPage(response, 400, 'Not found', 'This is no address.');
    return;
  }
  const refusal = refusalOf(request, access);
  const token = address.pathname === '/' ? address.searchParams.get('token') : null;
  if (token !== null && (refusal === undefined || refusal.status === 401)) {
    const cookie = access.exchange(token);
    if (cookie === undefined && refusal) {
      sendPage(response, 401, 'This link does not work', 'It is not complete, or it was used before.', howToGetIn);
      return;
    }
    // Whoever is in already is sent on, whatever the token: a link that was opened twice, or kept as a bookmark.
    response.writeHead(303, {
      ...securityHeaders,
      ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
      'cache-control': 'no-store',
      location: '/',
    });
    response.end();
    return;
  }
  if (refusal) {
    sendPage(response, refusal.status, refusal.title, refusal.text);
    return;
  }
  sendFile(request, response, folder, address.pathname);
}

function sendFile(request: IncomingMessage, response: ServerResponse, folder: string, pathname: string): void {
  const file = findRendererFile(folder, pathname);
  if (!file) {
    sendPage(response, notFound.status, notFound.title, notFound.text);
    return;
  }
  response.writeHead(200, {
    ...securityHeaders,
    'content-type': file.type,
    'content-length': statSync(file.path).size,
    'cache-control': file.isImmutable ? 'private, max-age=31536000, immutable' : 'no-store',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  createReadStream(file.path)
    .on('error', () => response.destroy())
    .pipe(response);
}

function sendPage(response: ServerResponse, status: number, title: string, ...paragraphs: string[]): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    ...securityHeaders,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(plainPage(title, ...paragraphs));
}

function refuseUpgrade(socket: Duplex, { status, text }: Refusal): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}
