import { describe, expect, it } from 'vitest';
import { logisticRegression, sigmoid } from '../../main/detectors/parts/logistic-regression.ts';
import { supervisedProbe } from '../../main/detectors/methods/supervised-probe.ts';
import { fit, normalRows, scoresOf } from './in-memory.ts';

describe('logisticRegression', () => {
  it('solves two points by hand', () => {
    // x = 1 and -1: w = 2 c / (1 + e^w) and b = 0; c = (1 + e) / 2 gives w = 1.
    const c = (1 + Math.E) / 2;
    const { weights, intercept } = logisticRegression(Float32Array.of(1, -1), Uint8Array.of(1, 0), 1, { c });
    expect(weights[0]).toBeCloseTo(1, 12);
    expect(intercept).toBeCloseTo(0, 12);
  });

  it.each([1e-6, 1, 1e6])('has no gradient left, C = %f', (c) => {
    const [n, d] = [200, 4];
    const x = Float32Array.from(normalRows(n, d, 'probe', { mean: [3, 0, -1, 0], scale: [1, 10, 0.1, 1] }).flat());
    const labels = Uint8Array.from({ length: n }, (_, i) => Number(x[i * d]! + x[i * d + 3]! > 3));
    const { weights, intercept } = logisticRegression(x, labels, d, { c });
    const gradient = [...weights, 0];
    for (let i = 0; i < n; i++) {
      const z = weights.reduce((sum, weight, j) => sum + weight * x[i * d + j]!, intercept);
      const residual = c * (sigmoid(z) - labels[i]!);
      for (let j = 0; j < d; j++) gradient[j]! += residual * x[i * d + j]!;
      gradient[d]! += residual;
    }
    const largest = Math.max(...weights.map(Math.abs));
    for (const value of gradient) expect(Math.abs(value)).toBeLessThan(1e-6 * Math.max(largest, c * 1e-6));
  });

  it('does not depend on the scale of neurons when it standardises', () => {
    const x = normalRows(60, 2, 'scaled');
    const labels = Uint8Array.from(x, ([a]) => Number(a! > 0.2));
    const of = (rows: number[][]) => logisticRegression(Float32Array.from(rows.flat()), labels, 2, { c: 1, standardise: true }); // prettier-ignore
    const [plain, scaled] = [of(x), of(x.map(([a, b]) => [1024 * a!, b! / 1024]))];
    expect(scaled.weights[0]! * 1024).toBeCloseTo(plain.weights[0]!, 9);
    expect(scaled.weights[1]! / 1024).toBeCloseTo(plain.weights[1]!, 9);
    expect(scaled.intercept).toBeCloseTo(plain.intercept, 9);
  });

  it('refuses labels of one kind, and numbers that are none', () => {
    for (const label of [0, 1]) {
      expect(() => logisticRegression(Float32Array.of(1, 2), Uint8Array.of(label, label), 1, { c: 1 })).toThrow(
        expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(/both kinds/) as string }),
      );
    }
    expect(() => logisticRegression(Float32Array.of(1, NaN), Uint8Array.of(0, 1), 1, { c: 1 })).toThrow(
      expect.objectContaining({ code: 'non-finite' }),
    );
  });
});

describe('supervised-probe', () => {
  const a = [...normalRows(40, 3, 'clean'), ...normalRows(40, 3, 'anomalous', { mean: [3, 0, 0] })];
  const untrusted = { layers: { a, b: a.map(([x]) => [x!]) }, anomalous: a.map((_, i) => (i < 40 ? 0 : 1)) };
  const rows = { layers: { a: [[0, 0, 0], [3, 0, 0], [60, 0, 0]], b: [[0], [3], [60]] } }; // prettier-ignore

  it('gives probabilities that rise towards the anomalous samples, layer by layer', async () => {
    const state = await fit(supervisedProbe, { untrusted });
    for (const name of ['a', 'b']) {
      const [clean, anomalous, far] = await scoresOf(supervisedProbe, state, rows, name);
      expect(clean).toBeLessThan(0.2);
      expect(anomalous).toBeGreaterThan(0.8);
      expect(far).toBe(1);
    }
  });

  it('gives log odds that do not saturate', async () => {
    const probability = await scoresOf(supervisedProbe, await fit(supervisedProbe, { untrusted }), rows);
    const odds = await scoresOf(
      supervisedProbe,
      await fit(supervisedProbe, { untrusted }, { score: 'log-odds' }),
      rows,
    );
    expect(odds.map(sigmoid)).toEqual(probability);
    expect(odds[2]).toBeGreaterThan(50);
  });

  it('keeps labels with their samples when it takes a part of them', async () => {
    const state = await fit(supervisedProbe, { untrusted }, { max_samples: 40 });
    const [clean, anomalous] = await scoresOf(supervisedProbe, state, rows);
    expect(clean).toBeLessThan(0.3);
    expect(anomalous).toBeGreaterThan(0.7);
  });
});
