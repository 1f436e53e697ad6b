/**
 * Layer names without what all of them share: `layers.linear_0.output` is `linear_0` beside other outputs of `layers`.
 * Names stay apart and none becomes empty; a single layer loses a leading `layers.` and a closing `.output` only.
 */
export function shortLayerNames(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split('.'));
  const shortest = Math.min(...parts.map((part) => part.length));
  const alike = (at: (part: string[]) => string | undefined) => parts.every((part) => at(part) === at(parts[0]!));
  let front = 0;
  let back = 0;
  if (names.length > 1) {
    while (front < shortest - 1 && alike((part) => part[front])) front++;
    while (back < shortest - front - 1 && alike((part) => part.at(-1 - back))) back++;
  } else {
    front = parts[0]?.[0] === 'layers' && shortest > 1 ? 1 : 0;
    back = parts[0]?.at(-1) === 'output' && shortest - front > 1 ? 1 : 0;
  }
  return parts.map((part) => part.slice(front, part.length - back).join('.'));
}
