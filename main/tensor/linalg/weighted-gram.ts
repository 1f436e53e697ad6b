import { CupbearerError } from '../../../shared/errors.ts';
import { GramPanels, GRAM_ROWS, symmetricFrom } from './gram.ts';
import { Workspace } from './workspace.ts';

/**
 * `sum_i w_i (x_i - m) (x_i - m)^T` over the rows of `x` `[n, d]` with weights `[n]` of any sign; m `[d]` is zero unless
 * given. Symmetric `[d, d]`, float64. Throws `non-finite` where a weight is not finite.
 */
export function weightedGram(
  x: Float32Array | Float64Array,
  d: number,
  weights: Float64Array,
  mean?: Float64Array,
): Float64Array {
  const n = weights.length;
  if (x.length !== n * d)
    throw new Error(`weightedGram takes ${n} rows of ${d} numbers for ${n} weights, got ${x.length} numbers.`);
  const bad = weights.findIndex((weight) => !Number.isFinite(weight));
  if (bad !== -1)
    throw new CupbearerError('non-finite', `weightedGram takes finite weights, found ${weights[bad]} for row ${bad}.`);
  return Workspace.use((workspace) => {
    const sum = workspace.doubles(workspace.run.gramDoubles(d));
    const rows = workspace.allocate(GRAM_ROWS * d * x.BYTES_PER_ELEMENT);
    const factors = workspace.doubles(GRAM_ROWS);
    const center = workspace.put(mean ?? new Float64Array(d));
    const panels = new GramPanels(workspace, d);
    workspace.view(sum, workspace.run.gramDoubles(d)).fill(0);
    const common = { x: rows, isDouble: x instanceof Float64Array, mean: center, isCentred: true, running: 0, root: 0 };
    for (let start = 0; start < n; start += GRAM_ROWS) {
      const count = Math.min(GRAM_ROWS, n - start);
      workspace.write(rows, x.subarray(start * d, (start + count) * d));
      workspace.write(factors, weights.subarray(start, start + count));
      panels.add({ ...common, n: count, weights: factors }, sum);
    }
    return symmetricFrom(workspace, sum, d, 1);
  });
}
