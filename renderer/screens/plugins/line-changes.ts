/** A line of a text beside another. */
interface ChangedLine {
  /** "+" is new, "-" is gone, " " is in both. */
  sign: '+' | '-' | ' ';
  text: string;
}

/** Texts of so many lines together are compared line by line; of longer ones only beginning and end are. */
const mostCells = 4_000_000;

/** Returns the lines of two texts in one list: by their longest common lines between a common beginning and end. */
export function lineChanges(before: string, after: string): ChangedLine[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const same = (lines: string[]) => lines.map((text): ChangedLine => ({ sign: ' ', text }));
  return [
    ...same(a.slice(0, head)),
    ...between(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...same(a.slice(a.length - tail)),
  ];
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

function between(a: readonly string[], b: readonly string[]): ChangedLine[] {
  const gone = (text: string): ChangedLine => ({ sign: '-', text });
  const added = (text: string): ChangedLine => ({ sign: '+', text });
  if (a.length * b.length > mostCells) return [...a.map(gone), ...b.map(added)];
  const width = b.length + 1;
  // Lengths of the longest common lines of what follows.
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const [down, right] = [lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!];
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(down, right);
    }
  const lines: ChangedLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i++]! });
      j++;
    } else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) lines.push(gone(a[i++]!));
    else lines.push(added(b[j++]!));
  }
  return [...lines, ...a.slice(i).map(gone), ...b.slice(j).map(added)];
}
