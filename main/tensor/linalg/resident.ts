import { KernelMemory } from './kernel-memory.ts';

const collected = new FinalizationRegistry(({ memory, address }: { memory: KernelMemory; address: number }) =>
  memory.free(address),
);

/** Numbers that stay in the kernels' memory between calls, until nobody holds this object any more. */
export class ResidentDoubles {
  readonly memory: KernelMemory = KernelMemory.current;
  readonly address: number;
  readonly count: number;

  /** `count` zeros. Throws RangeError where the memory has no room left. */
  constructor(count: number) {
    this.count = count;
    this.address = this.memory.allocate(8 * count);
    collected.register(this, { memory: this.memory, address: this.address });
    this.view().fill(0);
  }

  /** The memory itself, valid until the next allocation. */
  view(): Float64Array {
    return this.memory.view(this.address, this.count);
  }
}
