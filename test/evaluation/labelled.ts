/** Scores and labels out of the scores of the anomalous and of the clean samples. */
export function labelled(anomalous: readonly number[], clean: readonly number[]): [Float64Array, Uint8Array] {
  return [Float64Array.of(...anomalous, ...clean), Uint8Array.of(...anomalous.map(() => 1), ...clean.map(() => 0))];
}
