/**
 * The k-th smallest of `values` (k from 0), which are put in another order: those before place k are not larger, those
 * after it not smaller (C. Hoare's Find, 1961, with the median of three as pivot). Values must be numbers, not NaN.
 */
export function selectInPlace(values: Float64Array, k: number): number {
  if (!(k >= 0 && k < values.length)) throw new Error(`selectInPlace takes a place below ${values.length}, got ${k}.`);
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i] = values[j]!;
      values[j] = swapped;
      i++;
      j--;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** The lower of the two middle values of an even number of values, else the middle one; reorders `values`. */
export function lowerMedianInPlace(values: Float64Array): number {
  return selectInPlace(values, (values.length - 1) >> 1);
}

/** The median, for an even number of values the mean of the two middle ones; reorders `values`. Throws for no values. */
export function medianInPlace(values: Float64Array): number {
  const lower = lowerMedianInPlace(values);
  if (values.length % 2 === 1) return lower;
  let upper = Infinity;
  for (let i = values.length / 2; i < values.length; i++) if (values[i]! < upper) upper = values[i]!;
  return lower + (upper - lower) / 2;
}
