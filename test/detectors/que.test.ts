import { describe, expect, it } from 'vitest';
import { que, quantumEntropyForm, seedLibraryForm } from '../../main/detectors/methods/que.ts';
import { expectClose, product } from '../tensor/reference.ts';
import { fit, normalRows, scoresOf } from './in-memory.ts';

const diagonal = (...values: number[]) =>
  Float64Array.from({ length: values.length ** 2 }, (_, at) =>
    at % (values.length + 1) === 0 ? values[Math.floor(at / values.length)]! : 0,
  );

describe('quantumEntropyForm', () => {
  it('is the paper by hand where covariances are diagonal', () => {
    // S = diag(4/4, 3/1) = diag(1, 3): Q = exp(2 (S - I) / (3 - 1)) = diag(1, e^2)
    const form = quantumEntropyForm(diagonal(4, 1), diagonal(4, 3), 2, { alpha: 2, rcond: 1e-5 });
    const trace = 1 + Math.exp(2);
    expectClose(form, [1 / 4 / trace, 0, 0, Math.exp(2) / trace], 1e-14);
  });

  it('does not depend on the basis', () => {
    const angle = 0.7;
    const r = Float64Array.of(Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle));
    const turned = (a: Float64Array) => product([2, 2, 2], product([2, 2, 2], r, a), r, false, true);
    const [trusted, untrusted] = [Float64Array.of(4, 1, 1, 2), Float64Array.of(5, -1, -1, 6)];
    const options = { alpha: 4, rcond: 1e-5 };
    const form = quantumEntropyForm(trusted, untrusted, 2, options);
    expectClose(quantumEntropyForm(turned(trusted), turned(untrusted), 2, options), turned(form), 1e-13);
  });

  it('leaves out directions without trusted variance', () => {
    const form = quantumEntropyForm(diagonal(1, 0), diagonal(2, 5), 2, { alpha: 4, rcond: 1e-5 });
    expectClose(form, [1, 0, 0, 0], 1e-14);
    expect([...quantumEntropyForm(diagonal(0, 0), diagonal(1, 1), 2, { alpha: 4, rcond: 1e-5 })]).toEqual([0, 0, 0, 0]);
  });

  it('is the whitened Euclidean distance where the untrusted data vary no more than the trusted', () => {
    for (const untrusted of [diagonal(4, 1), diagonal(2, 0.1)]) {
      const form = quantumEntropyForm(diagonal(4, 1), untrusted, 2, { alpha: 4, rcond: 1e-5 });
      expectClose(form, [1 / 8, 0, 0, 1 / 2], 1e-14);
    }
  });

  it('stays finite for a huge alpha', () => {
    const form = quantumEntropyForm(diagonal(1, 1), diagonal(1, 9), 2, { alpha: 100, rcond: 1e-5 });
    expectClose(form, [0, 0, 0, 1], 1e-14);
  });
});

describe('que', () => {
  const trusted = { layers: { a: normalRows(300, 3, 'trusted', { scale: [1, 5, 0.2], mean: [3, 0, 0] }) } };
  const untrusted = { layers: { a: normalRows(300, 3, 'untrusted', { scale: [1, 5, 1], mean: [3, 0, 0] }) } };
  const rows = { layers: { a: [[3, 0, 2], [3, 5, 0], [4, 0, 0], [3, 0, 0]] } }; // prettier-ignore

  it('weighs what varies more in the untrusted data', async () => {
    const scores = await scoresOf(que, await fit(que, { trusted, untrusted }), rows);
    expect(scores[0]).toBeGreaterThan(20 * scores[1]!);
    expect(scores[0]).toBeGreaterThan(20 * scores[2]!);
    expect(scores[3]).toBeLessThan(scores[1]!);
  });

  it('compat depends on the signs of the whitening, which is why it is not the default', () => {
    const [c, d] = [Float64Array.of(2, 1, 1, 3), 2];
    const whitening = Float64Array.of(0.6, 0.8, -0.8, 0.6);
    const flipped = Float64Array.of(-0.6, 0.8, 0.8, 0.6);
    const [one, other] = [seedLibraryForm(whitening, c, d, 4), seedLibraryForm(flipped, c, d, 4)];
    expect(Math.abs(one[0]! - other[0]!)).toBeGreaterThan(1);
  });

  it('compat divides by no trace and stands constant untrusted data', async () => {
    const constant = { layers: { a: Array.from({ length: 4 }, () => [1, 1, 1]) } };
    const state = await fit(que, { trusted, untrusted: constant }, { compat: true });
    // exp(0) = I leaves the Mahalanobis distance.
    const [, , shifted] = await scoresOf(que, state, rows);
    expect(shifted).toBeGreaterThan(0.7);
    expect(shifted).toBeLessThan(1.4);
  });

  it('refuses a single sample of either kind', async () => {
    const single = { layers: { a: [[1, 2, 3]] } };
    await expect(fit(que, { trusted: single, untrusted })).rejects.toMatchObject({ code: 'bad-data' });
    await expect(fit(que, { trusted, untrusted: single })).rejects.toMatchObject({ code: 'bad-data' });
  });
});
