/**
 * Layer names as short as they stay apart: `layers.linear_0.output` is `linear_0`. A closing `.output` goes, being the rule;
 * of what is left, all keep the same number of last parts, the fewest that tell them from each other.
 */
export function shortLayerNames(names: readonly string[]): string[] {
  const parts = names.map((name) => name.replace(/(?<=.)\.output$/, '').split('.'));
  const longest = Math.max(1, ...parts.map((part) => part.length));
  for (let kept = 1; kept < longest; kept++) {
    // An input needs the layer's name beside it.
    const short = parts.map((part) => part.slice(part.at(-1) === 'input' ? -kept - 1 : -kept).join('.'));
    if (new Set(short).size === names.length) return short;
  }
  return parts.every((part, i) => parts.findIndex((other) => other.join('.') === part.join('.')) === i)
    ? parts.map((part) => part.join('.'))
    : [...names];
}
