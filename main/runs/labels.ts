/** Labels that differ from one another: the second of equal ones gets a "(2)", and so on. */
export function distinct(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label) => {
    let name = label;
    for (let i = 2; taken.has(name); i++) name = `${label} (${i})`;
    taken.add(name);
    return name;
  });
}
