import type { StandardHandler } from '@orpc/server/standard';
import { createServerPeerHandleRequestFn } from '@orpc/server/standard-peer';
import {
  decodeRequestMessage,
  encodeResponseMessage,
  experimental_ServerPeerWithoutCodec as ServerPeer,
} from '@orpc/standard-server-peer';
import type { RawData, WebSocket } from 'ws';

/** How often a connection is tried; one that does not answer until the next time has gone. */
const pingEveryMs = 30_000;

/** Codes with which a connection is closed. */
export const closeCodes = { goingAway: 1001, malformed: 1007, internal: 1011 } as const;

/**
 * Answers the calls that come over a connection. A message that is none of the protocol closes the connection with a
 * reason, and what goes wrong in one connection concerns no other.
 */
export function answerCalls(socket: WebSocket, handler: StandardHandler<Record<never, never>>): void {
  const peer = new ServerPeer(async ([id, type, payload]) => {
    const message = await encodeResponseMessage(id, type, payload);
    if (socket.readyState === socket.OPEN) socket.send(message);
  });
  const handle = createServerPeerHandleRequestFn(handler, { context: {} });

  const answer = async (data: RawData, isBinary: boolean) => {
    let message;
    try {
      const bytes = toBytes(data);
      message = await decodeRequestMessage(isBinary ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch {
      socket.close(closeCodes.malformed, 'The message is none that this program understands.');
      return;
    }
    try {
      await peer.message(message, handle);
    } catch {
      // Handlers answer with their errors themselves: what arrives here could not be sent.
      socket.close(closeCodes.internal, 'An answer could not be sent.');
    }
  };
  socket.on('message', (data, isBinary) => void answer(data, isBinary));

  let isAlive = true;
  const timer = setInterval(() => {
    if (!isAlive) {
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping();
  }, pingEveryMs);
  socket.on('pong', () => (isAlive = true));
  socket.on('close', () => {
    clearInterval(timer);
    peer.close();
  });
  // A message that is too large, or a broken frame: ws closes the connection with the code that says so.
  socket.on('error', () => undefined);
}

function toBytes(data: RawData): Uint8Array<ArrayBuffer> {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data);
}
