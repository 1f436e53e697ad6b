/** `npm run icons`: draws resources/icons/icon.svg in every size and container that the systems want. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCanvas, loadImage } from '@napi-rs/canvas';

const folder = fileURLToPath(new URL('../../../resources/icons/', import.meta.url));

/** A picture of one size: its side in pixels, and its PNG file. */
export interface IconPicture {
  side: number;
  png: Uint8Array;
}

const linuxSides = [16, 24, 32, 48, 64, 128, 256, 512];
const windowsSides = [16, 24, 32, 48, 64, 128, 256];

/** What Apple calls PNG files of these sides inside an .icns file. */
const appleTypes: readonly (readonly [type: string, side: number])[] = [
  ['icp4', 16],
  ['icp5', 32],
  ['icp6', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
];

/** Windows' container: a head, one entry of 16 bytes a picture, then their PNG files. */
export function icoBytes(pictures: readonly IconPicture[]): Uint8Array {
  const head = Buffer.alloc(6 + 16 * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  for (const [i, { side, png }] of pictures.entries()) {
    const at = 6 + 16 * i;
    // 0 stands for 256.
    head.writeUInt8(side % 256, at);
    head.writeUInt8(side % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...pictures.map(({ png }) => png)]);
}

/** Apple's container: "icns", the length of the whole, then each PNG file after its type and length. */
export function icnsBytes(pictures: readonly { type: string; png: Uint8Array }[]): Uint8Array {
  const block = (type: string, parts: readonly Uint8Array[]): Uint8Array => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(8 + parts.reduce((sum, part) => sum + part.length, 0), 4);
    return Buffer.concat([head, ...parts]);
  };
  return block(
    'icns',
    pictures.map(({ type, png }) => block(type, [png])),
  );
}

async function draw(side: number): Promise<Uint8Array> {
  const canvas = createCanvas(side, side);
  const image = await loadImage(readFileSync(join(folder, 'icon.svg')));
  canvas.getContext('2d').drawImage(image, 0, 0, side, side);
  return canvas.encode('png');
}

async function build(): Promise<void> {
  mkdirSync(join(folder, 'png'), { recursive: true });
  for (const side of linuxSides) writeFileSync(join(folder, 'png', `${side}x${side}.png`), await draw(side));
  const windows = await Promise.all(windowsSides.map(async (side) => ({ side, png: await draw(side) })));
  writeFileSync(join(folder, 'icon.ico'), icoBytes(windows));
  const apple = await Promise.all(appleTypes.map(async ([type, side]) => ({ type, png: await draw(side) })));
  writeFileSync(join(folder, 'icon.icns'), icnsBytes(apple));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
