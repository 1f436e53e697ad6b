/** Points of a ROC curve in order of rising FPR, 0 to 1. */
interface RocCurve {
  fpr: readonly number[];
  tpr: readonly number[];
}

/**
 * Returns the mean of ROC curves, at every false alarm rate that one of them has a point at: the mean of their true
 * positive rates there (vertical averaging, Fawcett 2006, algorithm 3). Curves are straight between their points; at a
 * rate where a curve rises the mean does, too.
 */
export function meanRoc(curves: readonly RocCurve[]): { fpr: number[]; tpr: number[] } {
  const rates = [...new Set(curves.flatMap(({ fpr }) => fpr))].sort((a, b) => a - b);
  const mean = { fpr: [] as number[], tpr: [] as number[] };
  const add = (fpr: number, tpr: number) => {
    mean.fpr.push(fpr);
    mean.tpr.push(tpr);
  };
  const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (const rate of rates) {
    const at = curves.map((curve) => ratesAt(curve, rate));
    const [low, high] = [average(at.map(([first]) => first)), average(at.map(([, last]) => last))];
    add(rate, low);
    if (high > low) add(rate, high);
  }
  return mean;
}

/** The lowest and the highest true positive rate that a curve has at a false alarm rate. */
function ratesAt({ fpr, tpr }: RocCurve, rate: number): readonly [number, number] {
  const first = fpr.findIndex((x) => x >= rate);
  if (first === -1) return [tpr.at(-1)!, tpr.at(-1)!];
  if (fpr[first] === rate) return [tpr[first]!, tpr[fpr.lastIndexOf(rate)]!];
  if (first === 0) return [0, 0];
  const [x0, x1] = [fpr[first - 1]!, fpr[first]!];
  const value = tpr[first - 1]! + ((rate - x0) / (x1 - x0)) * (tpr[first]! - tpr[first - 1]!);
  return [value, value];
}
