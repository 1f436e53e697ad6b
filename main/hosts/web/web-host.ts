import { createReadStream } from 'node:fs';
import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import type { StandardHandler } from '@orpc/server/standard';
import { WebSocketServer } from 'ws';
import { findRendererFile, securityHeaders } from '../renderer-files.ts';
import {
  Access,
  isLoopbackHost,
  isLookingAhead,
  isOwnOrigin,
  isSame,
  newSecret,
  type SessionStore,
  type SignIn,
} from './access.ts';
import { listenFrom } from './listen.ts';
import { mostConnections, mostMessageBytes } from '../message-limits.ts';
import { plainPage, signInPage } from './pages.ts';
import { answerSocket, closeCodes } from './rpc-socket.ts';
import { ownerPaths } from './running-servers.ts';
import { Strangers } from './strangers.ts';

export interface WebHostOptions {
  /** Answers the calls of the contract. */
  handler: StandardHandler<Record<never, never>>;
  /** The built renderer. */
  folder: string;
  /** The first port that is tried; 0 for any that is free. */
  port: number;
  /** The largest message that is read, bytes. */
  maxMessageBytes?: number;
  /** How long a client may take to send the head of a request. */
  headMs?: number;
  /** Most connections at a time; further ones are closed at once. */
  maxConnections?: number;
  /** Stores sessions beyond the end of the program, for the port in use; by default they are not stored. */
  sessions?: (port: number) => SessionStore | undefined;
}

/** A running web host. */
export interface WebHost {
  readonly port: number;
  /** What the owner shows to have it do more than pages can ({@link ownerPaths}). */
  readonly ownerSecret: string;
  /** An address that lets its visitor in, once; each that was used makes a new one. */
  link(): string;
  /** Calls `listener` each time a link has been used. */
  onSignIn(listener: () => void): void;
  /** Closes all connections with the reason, and the port. */
  close(reason: string): Promise<void>;
}

/** Browsers send the head of a request at once; anything slower only blocks a connection. */
const defaultHeadMs = 10_000;

/** Tabs of a few browsers. Each connection takes a descriptor, of which the catalogue and the runs need some, too. */
const defaultMaxConnections = 256;

/** Connections without a session: half of all, so that the other half is the user's. */
const mostStrangers = 128;

/** How long browsers may take to answer the closing of a connection. */
const closeGraceMs = 500;

/**
 * Serves the program's pages and answers their calls, on this machine's own address alone (127.0.0.1).
 * @throws CupbearerError `conflict` if no port near the one asked for is free.
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const headMs = options.headMs ?? defaultHeadMs;
  const server = createServer({
    headersTimeout: headMs,
    // Pages are only read: what follows the head is nothing.
    requestTimeout: 2 * headMs,
    connectionsCheckingInterval: headMs / 4,
  });
  server.maxConnections = options.maxConnections ?? defaultMaxConnections;
  const strangers = new Strangers(mostStrangers);
  server.on('connection', (socket) => strangers.add(socket));
  const port = await listenFrom(server, options.port);
  const access = new Access(port, hostname(), { store: options.sessions?.(port) });
  const ownerSecret = newSecret();
  const link = () => `http://127.0.0.1:${port}/?token=${access.token}`;
  const signInListeners: (() => void)[] = [];
  const signIn = (token: string, cookies: string | undefined) => {
    const session = access.exchange(token, cookies);
    if (session) for (const listener of signInListeners) listener();
    return session;
  };
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes ?? mostMessageBytes,
    perMessageDeflate: false,
  });

  const forOwner: Record<string, () => object> = {
    [ownerPaths.link]: () => ({ link: link() }),
    [ownerPaths.signOut]: () => {
      const browsers = access.signOut();
      for (const connection of sockets.clients) connection.close(closeCodes.goingAway, 'Signed out.');
      return { browsers };
    },
  };

  server.on('request', (request, response) => {
    try {
      const action = isOwner(request, ownerSecret) ? forOwner[request.url ?? ''] : undefined;
      if (action) sendJson(response, action());
      else answerRequest(request, response, { access, signIn, strangers, folder: options.folder });
    } catch {
      const text = 'The program could not answer. Reload the page to try again.';
      sendRefusal(response, { status: 500, title: 'Something went wrong', text });
    }
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const refusal =
      refusalOf(request, access) ??
      callsRefusalOf(request, access) ??
      (sockets.clients.size >= mostConnections ? tooManyConnections : undefined);
    if (refusal) {
      refuseUpgrade(socket, refusal);
      return;
    }
    strangers.welcome(socket);
    sockets.handleUpgrade(request, socket, head, (connection) => answerSocket(connection, options.handler));
  });

  return {
    port,
    ownerSecret,
    link,
    onSignIn: (listener) => void signInListeners.push(listener),
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

/** Why a request is refused, for the user who may have sent it. */
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
  'Open the link that "cupbearer serve" printed in its terminal. Each link lets one browser in; press Enter there for a new one, or run "npx cupbearer serve link".';

const notSignedIn: Refusal = { status: 401, title: 'Not signed in', text: howToGetIn };

/**
 * Where a page without a key is redirected: its origin differs from that of the sign-in, or its storage was cleared.
 */
const signedOutPath = '/signed-out';

/**
 * Whether a program of the owner's sent the request: it has the secret, and is no page, since browsers name the origin
 * of these.
 */
function isOwner({ method, headers }: IncomingMessage, secret: string): boolean {
  const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  const isPage = headers.origin !== undefined || !isLoopbackHost(headers.host);
  return method === 'POST' && !isPage && given !== undefined && isSame(given, secret);
}

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
  return access.isAllowed(headers.cookie) ? undefined : notSignedIn;
}

/** Further checks for connections, after {@link refusalOf}. */
function callsRefusalOf({ url = '', headers }: IncomingMessage, access: Access): Refusal | undefined {
  const address = URL.parse(url, 'http://127.0.0.1');
  if (address?.pathname !== '/rpc') return notFound;
  return access.isKey(address.searchParams.get('key'), headers.cookie) ? undefined : notSignedIn;
}

interface Answering {
  access: Access;
  /** Exchanges a token. */
  signIn: (token: string, cookies: string | undefined) => SignIn | undefined;
  strangers: Strangers;
  folder: string;
}

function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { access, signIn, strangers, folder }: Answering,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    sendPage(response, 405, plainPage('Not possible', 'Pages can be read here, nothing else.'));
    return;
  }
  const address = URL.parse(request.url ?? '/', 'http://127.0.0.1');
  if (!address) {
    sendPage(response, 400, plainPage('Not found', 'There is no page at this address.'));
    return;
  }
  const refusal = refusalOf(request, access);
  if (!refusal) strangers.welcome(request.socket);
  const isVisit = request.method === 'GET' && !isLookingAhead(request.headers);
  const token = isVisit && address.pathname === '/' ? address.searchParams.get('token') : null;
  if (token !== null && (refusal === undefined || refusal === notSignedIn)) {
    const session = signIn(token, request.headers.cookie);
    if (session) strangers.welcome(request.socket);
    if (session === undefined && refusal) {
      const why = 'It is not complete, or it was used before.';
      sendPage(response, 401, plainPage('This link does not work', why, howToGetIn));
      return;
    }
    // A browser that is signed in already continues, whatever the token: the link may have been opened twice or
    // bookmarked.
    sendPage(response, 200, signInPage(session?.key), session && { 'set-cookie': session.cookie });
    return;
  }
  if (refusal) sendRefusal(response, refusal);
  else if (address.pathname === signedOutPath) sendRefusal(response, notSignedIn);
  else sendFile(request, response, folder, address.pathname);
}

function sendFile(request: IncomingMessage, response: ServerResponse, folder: string, pathname: string): void {
  const file = findRendererFile(folder, pathname);
  if (!file) {
    sendRefusal(response, notFound);
    return;
  }
  response.writeHead(200, {
    ...securityHeaders,
    'content-type': file.type,
    'content-length': file.bytes,
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

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { ...securityHeaders, 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

function sendRefusal(response: ServerResponse, { status, title, text }: Refusal): void {
  sendPage(response, status, plainPage(title, text));
}

function sendPage(
  response: ServerResponse,
  status: number,
  html: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    ...securityHeaders,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(html);
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
