import { canonicalJson, hashBytes, type BytesInBlocks } from '../storage/content-hash.ts';

/** SHA-256 (hex) over the parts in order; where one part ends counts, and objects count as their JSON with sorted keys. */
export function fingerprint(...parts: (Uint8Array | BytesInBlocks | string | number | object)[]): string {
  return hashBytes(...parts.map((part) => (isContent(part) ? part : canonicalJson(part))));
}

function isContent(part: object | string | number): part is Uint8Array | BytesInBlocks | string {
  return part instanceof Uint8Array || typeof part === 'string' || (typeof part === 'object' && 'blocks' in part);
}
