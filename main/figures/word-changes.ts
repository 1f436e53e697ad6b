/** A word that two texts share, or that only the second (`added`) or the first (`removed`) has. */
export interface WordChange {
  kind: 'kept' | 'added' | 'removed';
  word: string;
}

/** What turns `before` into `after` with the fewest words added and removed, in the order of the texts. */
export function compareWords(before: readonly string[], after: readonly string[]): WordChange[] {
  // Length of the longest common subsequence of what follows each pair of places.
  const common = Array.from({ length: before.length + 1 }, () => new Int32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i]![j] =
        before[i] === after[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const changes: WordChange[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      changes.push({ kind: 'kept', word: before[i]! });
      i++;
      j++;
    } else if (j < after.length && (i === before.length || common[i]![j + 1]! >= common[i + 1]![j]!)) {
      changes.push({ kind: 'added', word: after[j++]! });
    } else {
      changes.push({ kind: 'removed', word: before[i++]! });
    }
  }
  return changes;
}
