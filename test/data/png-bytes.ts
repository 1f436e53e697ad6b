import { crc32, deflateSync } from 'node:zlib';

/** What a PNG is made of. */
interface PngParts {
  width: number;
  height: number;
  /** 0 grey, 2 colours, 4 and 6 the same with opacity. */
  colourType?: 0 | 2 | 4 | 6;
  bitDepth?: 1 | 8;
  /** Chunks between the header and the pixels. */
  chunks?: readonly Uint8Array[];
  /** Compressed rows; zeros unless given. */
  rows?: Uint8Array;
}

/** A chunk of a PNG. */
export function pngChunk(type: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(named.length + 8);
  chunk.writeUInt32BE(data.length);
  named.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(named), named.length + 4);
  return chunk;
}

/** A PNG made by hand, which need not be sound. */
export function pngBytes({ width, height, colourType = 0, bitDepth = 8, chunks = [], rows }: PngParts): Buffer {
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[colourType];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, colourType], 8);
  const rowBytes = 1 + Math.ceil((width * channels * bitDepth) / 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    ...chunks,
    pngChunk('IDAT', rows ?? deflateSync(Buffer.alloc(rowBytes * height))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}
