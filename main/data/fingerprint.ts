import { canonicalJson, hashBytes } from '../storage/content-hash.ts';

/** SHA-256 (hex) over the parts in order; where one part ends counts, and objects count as their JSON with sorted keys. */
export function fingerprint(...parts: (Uint8Array | string | number | object)[]): string {
  return hashBytes(
    ...parts.map((part) => (part instanceof Uint8Array || typeof part === 'string' ? part : canonicalJson(part))),
  );
}
