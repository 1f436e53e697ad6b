import { createHash } from 'node:crypto';

/**
 * SHA-256 (hex) over the parts in order, each preceded by its length so that moving a boundary changes the result.
 * Objects count as their JSON text: build them with their keys in a fixed order.
 */
export function fingerprint(...parts: (Uint8Array | string | number | object)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes =
      part instanceof Uint8Array ? part : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
    hash.update(`${bytes.byteLength}:`).update(bytes);
  }
  return hash.digest('hex');
}
