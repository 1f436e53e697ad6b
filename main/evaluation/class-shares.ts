/** How often a classifier is right, and how its samples and answers spread over classes. Shares are 0 to 1. */
export interface ClassShares {
  accuracy: number;
  /** The share of samples that are of the most frequent class. */
  largest_class: number;
  /** The share of samples that are taken for one class, the most frequent answer. */
  largest_prediction: number;
}

/** Returns the shares of labelled samples `[n]`, n at least 1, and what they are taken for. */
export function classShares(labels: ArrayLike<number>, predicted: ArrayLike<number>): ClassShares {
  const n = labels.length;
  let hits = 0;
  for (let i = 0; i < n; i++) if (labels[i] === predicted[i]) hits++;
  return {
    accuracy: hits / n,
    largest_class: largestCount(labels) / n,
    largest_prediction: largestCount(predicted) / n,
  };
}

function largestCount(values: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < values.length; i++) counts.set(values[i]!, (counts.get(values[i]!) ?? 0) + 1);
  return Math.max(...counts.values());
}
