import { canonicalJson, hashBytes, type BytesInBlocks } from '../storage/content-hash.ts';

/** What a fingerprint covers. */
export type FingerprintPart = Uint8Array | BytesInBlocks | string | number | object;

/** Returns the SHA-256 (hex) over the parts in order; where one part ends counts, and objects count as their JSON with sorted keys. */
export function fingerprint(...parts: FingerprintPart[]): string {
  return hashBytes(...parts.map((part) => (isContent(part) ? part : canonicalJson(part))));
}

function isContent(part: FingerprintPart): part is Uint8Array | BytesInBlocks | string {
  return part instanceof Uint8Array || typeof part === 'string' || (typeof part === 'object' && 'blocks' in part);
}
