import type { StandardHandler } from '@orpc/server/standard';
import { createServerPeerHandleRequestFn } from '@orpc/server/standard-peer';
import {
  encodeResponseMessage,
  experimental_ServerPeerWithoutCodec as ServerPeer,
  type EncodedMessage,
} from '@orpc/standard-server-peer';
import { decodeMessage } from './decode-message.ts';
import { mostBytesAtOnce, mostCallsAtOnce } from './message-limits.ts';

/** A line to a window. */
interface Line {
  /** Resolves when the message has been sent, so that events do not pile up for a slow reader. */
  send(message: EncodedMessage): Promise<void>;
  /** Closes the line because of a fault of the window or of the program. */
  close(why: 'malformed' | 'tooMuch' | 'internal', reason: string): void;
  /** Takes no more messages until it is resumed; a line that cannot wait leaves this out. */
  pause?(): void;
  resume?(): void;
}

/**
 * Answers the calls that come over a line. A message that does not follow the protocol closes it with a reason, and
 * what goes wrong on one line concerns no other. While messages of many bytes are being answered no other is taken, and
 * a line with too many calls is closed.
 */
export function answerCalls(
  line: Line,
  handler: StandardHandler<Record<never, never>>,
): { take: (message: string | Uint8Array<ArrayBuffer>) => Promise<void>; end: () => void } {
  const peer = new ServerPeer(async ([id, type, payload]) => line.send(await encodeResponseMessage(id, type, payload)));
  const handle = createServerPeerHandleRequestFn(handler, { context: {} });
  let callsAtOnce = 0;
  let bytesAtOnce = 0;

  const answer = async (data: string | Uint8Array<ArrayBuffer>) => {
    let message;
    try {
      message = await decodeMessage(data);
    } catch {
      line.close('malformed', 'The message is none that this program understands.');
      return;
    }
    try {
      await peer.message(message, handle);
    } catch {
      // Handlers answer with their errors themselves: what arrives here could not be sent.
      line.close('internal', 'An answer could not be sent.');
    }
  };

  return {
    async take(message) {
      callsAtOnce++;
      bytesAtOnce += message.length;
      if (callsAtOnce > mostCallsAtOnce) line.close('tooMuch', 'Too many calls at once.');
      else {
        if (bytesAtOnce > mostBytesAtOnce) line.pause?.();
        await answer(message);
      }
      callsAtOnce--;
      bytesAtOnce -= message.length;
      if (bytesAtOnce <= mostBytesAtOnce) line.resume?.();
    },
    end: () => peer.close(),
  };
}
