/**
 * Returns the groups that a critical-difference diagram joins by a bar: detectors of which no two are told apart, by
 * their places, best mean rank first. Each pair that is not told apart is in one, and no group can be extended. A bar
 * may pass a detector that it does not join: signed-rank tests of pairs, unlike a critical difference of ranks (Demšar
 * 2006), need not follow the order of mean ranks.
 */
export function undecidedGroups(ranks: readonly number[], isDecided: (a: number, b: number) => boolean): number[][] {
  const order = [...ranks.keys()].sort((a, b) => ranks[a]! - ranks[b]!);
  const groups = new Map<string, number[]>();
  for (const [i, a] of order.entries()) {
    for (const b of order.slice(i + 1)) {
      if (isDecided(a, b)) continue;
      const group = [a, b];
      // From the first of the pair outwards: what lies between them joins before what lies beyond.
      for (const other of [...order.slice(i), ...order.slice(0, i).reverse()])
        if (!group.includes(other) && group.every((member) => !isDecided(member, other))) group.push(other);
      const sorted = order.filter((member) => group.includes(member));
      groups.set(sorted.join(), sorted);
    }
  }
  return [...groups.values()];
}
