import { decodeRequestMessage, MessageType } from '@orpc/standard-server-peer';
import { checkJsonBounds } from '../../shared/bounded-json.ts';
import { messageTextBounds } from './message-limits.ts';

/** Separates the JSON of a message from the bytes after it; does not occur in UTF-8. */
const delimiter = 0xff;

/**
 * Decodes a message of a window. Its JSON is checked before anything is built of it: a few megabytes of brackets would
 * take hundreds to parse, and overflow the stack of whatever recurses over them.
 * @throws Error if it does not follow the protocol, or exceeds the bounds.
 */
export async function decodeMessage(data: string | Uint8Array<ArrayBuffer>): ReturnType<typeof decodeRequestMessage> {
  checkJsonBounds(typeof data === 'string' ? data : jsonOf(data), messageTextBounds, 'The message');
  const message = await decodeRequestMessage(data);
  // No call of the contract takes a stream, so nothing would read these messages.
  if (message[1] === MessageType.EVENT_ITERATOR) throw new Error('A stream is sent to no call.');
  return message;
}

function jsonOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(delimiter);
  return new TextDecoder('utf-8', { fatal: true }).decode(end === -1 ? bytes : bytes.subarray(0, end));
}
