import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A proxy that answers for every server, as slowly as a download that one watches. */
interface SlowMirror {
  /** What a program needs in its environment to ask it for everything. */
  env: Record<string, string>;
  /** What was asked for, with the byte that it was to begin at. */
  asked: { url: string; from: number }[];
  close: () => Promise<void>;
}

const chunk = Buffer.alloc(64 * 1024);
const everyMs = 20;

/** Answers any request with `bytes` of zeros, a piece at a time, from the byte that is asked for. */
export async function startSlowMirror(bytes: number): Promise<SlowMirror> {
  const asked: SlowMirror['asked'] = [];
  const server: Server = createServer((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    asked.push({ url: request.url ?? '', from });
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': bytes - from,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes - 1}/${bytes}` } : {}),
    });
    const timer = setInterval(() => response.write(chunk), everyMs);
    response.on('close', () => clearInterval(timer));
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that tunnels speaks to this server in the tunnel.
  server.on('connect', (_request, socket: Socket) => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    server.emit('connection', socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: address, http_proxy: address, NO_PROXY: '127.0.0.1' },
    asked,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
