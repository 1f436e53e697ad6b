import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashBytes } from '../../../main/storage/content-hash.ts';
import { computePool, useThreads } from '../../../main/tensor/threads/compute-threads.ts';

/** As text that differs where a bit does: arrays as large as these take seconds to be compared one by one. */
const bits = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  hashBytes(new Uint8Array(buffer, byteOffset, byteLength));

/** Tests that what each case computes is the same, bit for bit, with one thread and with several. */
export function expectSameBits(cases: [name: string, compute: () => ArrayBufferView][]): void {
  const expected = new Map<string, string>();
  beforeAll(() => {
    useThreads(1);
    for (const [name, compute] of cases) expected.set(name, bits(compute()));
  });
  afterAll(() => useThreads(1));

  describe.each([2, 3, 5])('%i threads change no bit of', (threads) => {
    beforeAll(async () => {
      useThreads(threads, { isForced: true });
      await computePool()!.start();
    });

    it.each(cases)('%s', (name, compute) => {
      expect(bits(compute())).toBe(expected.get(name));
    });
  });
}
