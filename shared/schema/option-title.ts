/** An option of a choice as people read it: "pgd" by its title "PGD", "top-left" without one "Top left". */
export function optionTitle(
  { titles }: { titles?: Readonly<Record<string, string>> | undefined },
  option: string,
): string {
  const words = option.replaceAll('-', ' ');
  return titles?.[option] ?? words.charAt(0).toUpperCase() + words.slice(1);
}
