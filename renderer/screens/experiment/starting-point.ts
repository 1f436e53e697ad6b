const startingPoints = ['from', 'model', 'data'] as const;

/** What a new experiment starts from: an earlier run done again, a trained model, or a dataset. */
export interface StartingPoint {
  kind: (typeof startingPoints)[number];
  /** Of the run or model, or the dataset's name. */
  id: string;
}

/** Returns the starting point that an address names, if any. */
export function parseStartingPoint(query: URLSearchParams): StartingPoint | null {
  for (const kind of startingPoints) {
    const id = query.get(kind);
    if (id !== null) return { kind, id };
  }
  return null;
}
