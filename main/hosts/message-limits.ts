import { usualJsonBounds } from '../../shared/bounded-json.ts';

/** Largest message that a window may send, bytes: a part of an upload, or the ids of 100,000 runs. */
export const mostMessageBytes = 2 ** 23;

/** What the JSON of a message may be like. */
export const messageTextBounds = { mostDepth: usualJsonBounds.mostDepth, mostBytes: mostMessageBytes };

/** Bytes of the messages of a line that are being answered; while there are more, no other is taken from it. */
export const mostBytesAtOnce = 2 ** 25;

/** Calls of a line that are being answered, streams among them. A window has a dozen; more are a mistake. */
export const mostCallsAtOnce = 256;

/** Connections of browsers at once; a window has one. */
export const mostConnections = 64;
