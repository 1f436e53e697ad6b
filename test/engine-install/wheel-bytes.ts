import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Bytes of a wheel (a zip file, not compressed) with these files and the list of their hashes. */
export function wheelBytes(files: Readonly<Record<string, string>>, metadata: readonly string[] = []): Uint8Array {
  const info = 'tensorflow_cpu-9.0.0.dist-info';
  const all: Record<string, string> = {
    ...files,
    [`${info}/METADATA`]: ['Metadata-Version: 2.4', 'Name: tensorflow-cpu', 'Version: 9.0.0', ...metadata].join('\n'),
  };
  const record = Object.entries(all).map(
    ([name, content]) => `${name},sha256=${createHash('sha256').update(content).digest('base64url')},${content.length}`,
  );
  all[`${info}/RECORD`] = [...record, `${info}/RECORD,,`].join('\n');
  return zipBytes(all);
}

function zipBytes(files: Readonly<Record<string, string>>): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(content.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), Buffer.from(content)]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, rest, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listing, end]);
}
