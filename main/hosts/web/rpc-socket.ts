import type { StandardHandler } from '@orpc/server/standard';
import type { RawData, WebSocket } from 'ws';
import { answerCalls } from '../answer-calls.ts';

/** How often connections are pinged; one that has not answered by the next ping is closed. */
const pingEveryMs = 30_000;

/** Codes for closing a connection. */
export const closeCodes = { goingAway: 1001, malformed: 1007, tooMuch: 1008, internal: 1011 } as const;

/** Answers the calls that come over a connection of a browser. */
export function answerSocket(socket: WebSocket, handler: StandardHandler<Record<never, never>>): void {
  const { take, end } = answerCalls(
    {
      async send(message) {
        if (socket.readyState !== socket.OPEN) return;
        // If it could not be sent, the event "close" follows.
        await new Promise<void>((resolve) => socket.send(message, () => resolve()));
      },
      close: (why, reason) => socket.close(closeCodes[why], reason),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    },
    handler,
  );
  socket.on('message', (data, isBinary) => {
    const bytes = toBytes(data);
    void take(isBinary ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  });

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
    end();
  });
  // A message that is too large, or a broken frame: ws closes the connection with the code that says so.
  socket.on('error', () => undefined);
}

function toBytes(data: RawData): Uint8Array<ArrayBuffer> {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data);
}
