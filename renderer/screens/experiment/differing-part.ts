/** A text in three parts: what it shares with another at the start, what it does not, what it shares at the end. */
type Parts = readonly [start: string, middle: string, end: string];

/** Two texts with the part in which they differ between what they share at both ends. */
export function differingPart(one: string, other: string): readonly [Parts, Parts] {
  const shortest = Math.min(one.length, other.length);
  let start = 0;
  while (start < shortest && one[start] === other[start]) start++;
  let end = 0;
  while (end < shortest - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const cut = (text: string): Parts => [
    text.slice(0, start),
    text.slice(start, text.length - end),
    text.slice(text.length - end),
  ];
  return [cut(one), cut(other)];
}
