const startingPoints = ['from', 'model', 'data', 'experiment'] as const;

/** What a new experiment starts from: an earlier run done again, a trained model, a dataset, or an experiment to extend. */
export interface StartingPoint {
  kind: (typeof startingPoints)[number];
  /** Of the run, model or experiment, or the dataset's name. */
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
