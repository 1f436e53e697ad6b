import { randomInt } from 'node:crypto';

/** Letters and digits that are not taken for one another when read aloud or typed. */
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz';

/** The second of the ids that this process made last, and their ends. */
let second = '';
const ends = new Set<string>();

/**
 * Returns a new run's id: `20261123-203311-k3f9`, the time in UTC so that ids sort by it, and four random characters. A process
 * makes none twice: of 200 runs that are asked for at once, two would share an id in one of 50 cases.
 */
export function newRunId(now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  if (time !== second) ends.clear();
  second = time;
  let end: string;
  do end = Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join('');
  while (ends.has(end));
  ends.add(end);
  return `${time}-${end}`;
}
