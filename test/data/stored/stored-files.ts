import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeNpy } from '../../../main/storage/npy.ts';
import { encodeSafetensors } from '../../../main/storage/safetensors.ts';
import type { TensorMap } from '../../../shared/domain/tensors.ts';

/** Files that the formats' own libraries have written (fixtures/make.py). */
export const fixtures = fileURLToPath(new URL('./fixtures', import.meta.url));

/** A folder that a test writes files into. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'stored-'));

  write(name: string, content: Uint8Array | string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  tensors(name: string, tensors: TensorMap, metadata: Record<string, string> = {}): string {
    return this.write(name, encodeSafetensors(tensors, metadata));
  }

  npy(name: string, shape: number[], data: Float32Array | Int32Array | Float64Array): string {
    return this.write(name, encodeNpy({ shape, data }));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A safetensors file of arrays of any type. */
export function rawSafetensors(tensors: Record<string, { dtype: string; shape: number[]; bytes: Uint8Array }>): Buffer {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors))
    header[name] = { dtype, shape, data_offsets: [end, (end += bytes.length)] };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...Object.values(tensors).map(({ bytes }) => bytes)]);
}

/** 0, 1, 2, … as float32. */
export function floats(count: number, from = 0): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => i + from);
}

/** The bits of float32 numbers, which tell every NaN and zero apart. */
export function bitsOf(values: Float32Array): number[] {
  return [...new Uint32Array(values.buffer, values.byteOffset, values.length)];
}

/** One request as vLLM's hidden-states connector writes it: element `[t, l, k]` is `from + 100 t + 10 l + k`. */
export function request(tokens: number, layers: number, d: number, from = 0, ids = tokens): Buffer {
  const states = new Float32Array(tokens * layers * d);
  for (let i = 0; i < states.length; i++) {
    const [t, l, k] = [Math.floor(i / (layers * d)), Math.floor(i / d) % layers, i % d];
    states[i] = from + 100 * t + 10 * l + k;
  }
  return rawSafetensors({
    hidden_states: { dtype: 'F32', shape: [tokens, layers, d], bytes: new Uint8Array(states.buffer) },
    token_ids: { dtype: 'I64', shape: [ids], bytes: new Uint8Array(new BigInt64Array(ids).buffer) },
  });
}
