import { usualJsonBounds } from '../../shared/bounded-json.ts';

/** Largest message that a window may send, bytes: a part of an upload, or the ids of 100,000 runs. */
export const mostMessageBytes = 2 ** 23;

/** Bounds for the JSON of a message. */
export const messageTextBounds = { mostDepth: usualJsonBounds.mostDepth, mostBytes: mostMessageBytes };

/** Most bytes in messages of a line that are being answered; while there are more, no further message is read. */
export const mostBytesAtOnce = 2 ** 25;

/** Most calls of a line being answered, including streams. A window has about a dozen; more are a mistake. */
export const mostCallsAtOnce = 256;

/** Most connections of browsers at once; a window has one. */
export const mostConnections = 64;
