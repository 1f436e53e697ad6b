/** The bytes of a tar archive (ustar) with these entries; `type` is "0" for files and "5" for folders. */
export function tarBytes(
  entries: readonly { path: string; content: Uint8Array; type?: string; prefix?: string }[],
): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, content, type = '0', prefix = '' } of entries) {
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write('0000644\0', 100);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write('ustar\x0000', 257);
    header.write(prefix, 345);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
