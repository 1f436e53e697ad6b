import { decodeRequestMessage, MessageType } from '@orpc/standard-server-peer';
import { checkJsonBounds } from '../../shared/bounded-json.ts';
import { messageTextBounds } from './message-limits.ts';

/** What separates the JSON of a message from the bytes behind it; no UTF-8 has it. */
const delimiter = 0xff;

/**
 * Decodes a message of a window. Its JSON is checked before anything is built of it: a few megabytes of brackets would
 * take hundreds to parse, and overflow the stack of whatever recurses over them.
 * @throws Error if it is none of the protocol, or beyond bounds.
 */
export async function decodeMessage(data: string | Uint8Array<ArrayBuffer>): ReturnType<typeof decodeRequestMessage> {
  checkJsonBounds(typeof data === 'string' ? data : jsonOf(data), messageTextBounds, 'The message');
  const message = await decodeRequestMessage(data);
  // The contract has no call that is sent a stream, whose messages nobody would read.
  if (message[1] === MessageType.EVENT_ITERATOR) throw new Error('A stream is sent to no call.');
  return message;
}

function jsonOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(delimiter);
  return new TextDecoder('utf-8', { fatal: true }).decode(end === -1 ? bytes : bytes.subarray(0, end));
}
