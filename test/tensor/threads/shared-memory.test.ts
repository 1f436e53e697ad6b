import { describe, expect, it } from 'vitest';
import { sharingMemory, withSharedMemory } from '../../../main/tensor/engines/wasm/shared-memory.ts';

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A memory of one to sixteen pages, exported as "m". */
const exported = [7, 5, 1, 1, 0x6d, 2, 0];
const bounded = Uint8Array.from([...header, 5, 4, 1, 1, 1, 16, ...exported]);
const unbounded = Uint8Array.from([...header, 5, 3, 1, 0, 1, ...exported]);

function memoryOf(module: Uint8Array): WebAssembly.Memory {
  return new WebAssembly.Instance(new WebAssembly.Module(module), {}).exports['m'] as WebAssembly.Memory;
}

describe('a module with its memory shared', () => {
  it('differs in the memory alone, and the module it is made of stays as it was', () => {
    const before = bounded.slice();
    const shared = withSharedMemory(bounded);
    expect(memoryOf(shared).buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(memoryOf(shared).buffer.byteLength).toBe(65536);
    expect(bounded).toEqual(before);
    expect(memoryOf(bounded).buffer).toBeInstanceOf(ArrayBuffer);
    expect(shared.filter((byte, at) => byte !== bounded[at])).toHaveLength(1);
  });

  it.each([
    ['no bound', unbounded],
    ['no memory', Uint8Array.from(header)],
  ])('cannot be made of one with %s', (_name, module) => {
    expect(() => withSharedMemory(module)).toThrow(/no memory that threads could share/);
  });

  it('is what is instantiated meanwhile, and not afterwards', async () => {
    const instantiate = () =>
      (WebAssembly.instantiate as unknown as (module: Uint8Array, imports: object) => Promise<{ instance: WebAssembly.Instance }>)(bounded, {}); // prettier-ignore
    const buffer = ({ instance }: { instance: WebAssembly.Instance }) =>
      (instance.exports['m'] as WebAssembly.Memory).buffer;
    expect(buffer(await sharingMemory(instantiate))).toBeInstanceOf(SharedArrayBuffer);
    await expect(sharingMemory(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(buffer(await instantiate())).toBeInstanceOf(ArrayBuffer);
  });
});
