const MEMORY_SECTION = 5;
const [HAS_MAXIMUM, IS_SHARED] = [1, 2];

/**
 * A WebAssembly module that defines one memory, with that memory shared between threads: one bit of it is set.
 * @throws Error if the module is another one.
 */
export function withSharedMemory(module: Uint8Array): Uint8Array {
  // After eight bytes of magic and version come sections: an id, a length, and so many bytes.
  for (let at = 8; at < module.length;) {
    const id = module[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++]!;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (id === MEMORY_SECTION) {
      // How many memories, then what the first is like. A shared one must say how large it may get.
      if (module[at] !== 1 || module[at + 1] !== HAS_MAXIMUM) break;
      const changed = module.slice();
      changed[at + 1] = HAS_MAXIMUM | IS_SHARED;
      return changed;
    }
    at += size;
  }
  throw new Error('The WebAssembly backend defines no memory that threads could share.');
}

/** Runs `action`, which instantiates one module from its bytes, and has the module's memory shared. */
export async function sharingMemory<T>(action: () => Promise<T>): Promise<T> {
  const api = WebAssembly as { instantiate: (module: Uint8Array, imports: object) => Promise<unknown> };
  const { instantiate } = api;
  api.instantiate = (module, imports) => instantiate(withSharedMemory(module), imports);
  try {
    return await action();
  } finally {
    api.instantiate = instantiate;
  }
}
