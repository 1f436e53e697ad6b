import type { Server } from 'node:http';
import { CupbearerError } from '../../../shared/errors.ts';
import { systemCode } from '../../storage/storage-error.ts';

const portsTried = 50;

/**
 * Listens on 127.0.0.1 at `port` or the next free one (0: any). Resolves with the port.
 * @throws CupbearerError `conflict` if 50 in a row are taken.
 */
export async function listenFrom(server: Server, port: number): Promise<number> {
  for (let candidate = port; candidate < port + portsTried && candidate <= 65_535; candidate++) {
    if (await listens(server, candidate)) return (server.address() as { port: number }).port;
  }
  throw new CupbearerError('conflict', `The ports from ${port} on are all taken or not allowed.`, {
    hint: 'Give another one with --port.',
  });
}

/** Resolves with whether the port was free. */
function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => {
      const code = systemCode(error);
      if (code === 'EADDRINUSE' || code === 'EACCES') resolve(false);
      else reject(error);
    };
    server.once('error', onError);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', onError);
      resolve(true);
    });
  });
}
