import { randomInt } from 'node:crypto';

/** Letters and digits that are not taken for one another when read aloud or typed. */
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz';

/** A new run's id: `20261123-203311-k3f9`, the time in UTC so that ids sort by it, and four random characters. */
export function newRunId(now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const tail = Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return `${time}-${tail}`;
}
