import { afterAll, describe, expect, it, vi } from 'vitest';
import { startEngine } from '../../main/tensor/engine.ts';
import { loadKernelModule } from '../../main/tensor/kernels/modules.ts';
import { symmetricEigen } from '../../main/tensor/linalg/symmetric-eigen.ts';
import { selfTest } from '../../main/tensor/self-test.ts';
import { expectClose, normal, product } from './reference.ts';

// As on a machine or Node version that has no fused multiply-add in WebAssembly.
const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
afterAll(() => validate.mockRestore());

describe('kernels without relaxed SIMD', () => {
  it('are taken where the other ones are not valid', () => {
    expect(loadKernelModule('tensor').variant).toBe('simd');
    expect(loadKernelModule('linalg').variant).toBe('simd');
  });

  it('pass the self-test', async () => {
    const { versions } = await startEngine('wasm');
    expect(versions['kernels']).toBe('simd');
    await expect(selfTest()).resolves.toBeUndefined();
  });

  it('decompose a matrix', () => {
    const n = 21;
    const half = normal(n * n, 'matrix');
    const a = product([n, n, n], half, half, false, true);
    const { values, vectors } = symmetricEigen(a, n);
    const scaled = vectors.map((value, i) => value * values[i % n]!);
    expectClose(product([n, n, n], scaled, vectors, false, true), a, 1e-12);
  });
});
