import { describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { decodePicture } from '../../main/data/pictures/decode-picture.ts';
import { pillowPictures } from './pillow-pictures.ts';

const all = pillowPictures.filter(({ upright }) => !upright).map(({ name, file }) => [name, file] as const);
const jpegs = all.filter(([name]) => name.startsWith('JPEG'));
/** Small ones may be complete before a hole begins to matter. */
const large = jpegs.filter(([name]) => name.includes('subsampling'));
const pngs = all.filter(([name]) => name.startsWith('PNG'));

const startOfScan = Buffer.from([0xff, 0xda]);
const endOfImage = Buffer.from([0xff, 0xd9]);

/** Where the coded blocks of the first scan begin and end. */
function firstScan(file: Buffer): { from: number; to: number } {
  const start = file.indexOf(startOfScan);
  const from = start + 2 + file.readUInt16BE(start + 2);
  let to = from;
  while (file[to] !== 0xff || file[to + 1] === 0 || (file[to + 1]! & 0xf8) === 0xd0) to++;
  return { from, to };
}

async function expectDamaged(bytes: Uint8Array, what: string): Promise<void> {
  const outcome = await decodePicture(bytes, 'x').then(
    ({ width, height }) => `a picture of ${width} x ${height} pixels`,
    (error: unknown) => (error instanceof CupbearerError ? `${error.code}: ${error.message}` : error),
  );
  expect(outcome, what).toMatch(/^bad-data: x: expected a PNG, JPEG, PPM, PGM or PBM picture, found/);
}

describe('a picture that is damaged', () => {
  it.each(all)('is refused wherever it is cut off: %s', async (name, file) => {
    // Nobody can tell that the last number of a text had more figures.
    const whole = /^P[PG]M text/.test(name) ? file.length - 4 : file.length;
    const step = Math.ceil(whole / 60);
    for (let length = whole - 1; length > 0; length -= step) await expectDamaged(file.subarray(0, length), `${length}`);
    await expect(decodePicture(file, 'x')).resolves.toBeDefined();
  });

  it.each(jpegs)('is refused where it was cut off and closed: %s', async (_, file) => {
    const { from, to } = firstScan(file);
    for (const share of [0, 0.2, 0.5, 0.8]) {
      const cut = file.subarray(0, from + Math.round(share * (to - from)));
      await expectDamaged(Buffer.concat([cut, endOfImage]), `${share}`);
    }
  });

  it.each(large)('is refused where the rest never arrived: %s', async (_, file) => {
    const { from } = firstScan(file);
    for (const share of [0.1, 0.5]) {
      const hole = from + Math.round(share * (file.length - 2 - from));
      await expectDamaged(Buffer.from(file).fill(0, hole), `${share}`);
      await expectDamaged(Buffer.from(file).fill(0, hole, file.length - 2), `${share}, closed`);
    }
  });

  it.each(pngs)('is refused where a byte of what counts has changed: %s', async (_, file) => {
    const rows = file.indexOf('IDAT');
    for (const at of [19, rows + 6, file.length - 3]) {
      const changed = Buffer.from(file);
      changed[at] = changed[at]! ^ 1;
      await expectDamaged(changed, `${at}`);
    }
  });

  it.each(jpegs.filter(([name]) => name.includes('progressive')))(
    'is one that ends after a few of its scans, closed or not: %s',
    async (_, file) => {
      const starts = [...file.keys()].filter((at) => file[at] === 0xff && file[at + 1] === 0xda);
      expect(starts.length).toBeGreaterThan(3);
      for (const start of starts.slice(0, -1)) {
        const { to } = firstScan(file.subarray(start));
        const cut = file.subarray(0, start + to);
        await expectDamaged(cut, `${start}`);
        await expectDamaged(Buffer.concat([cut, endOfImage]), `${start}, closed`);
      }
    },
  );

  it.each(jpegs.filter(([name]) => name.includes('progressive')))(
    'is one without its first scan: %s',
    async (_, file) => {
      const { to } = firstScan(file);
      await expectDamaged(Buffer.concat([file.subarray(0, file.indexOf(startOfScan)), file.subarray(to)]), 'no scan');
    },
  );
});

describe('a picture that is whole', () => {
  it.each(all)('is taken with anything behind its end: %s', async (_, file) => {
    await expect(decodePicture(Buffer.concat([file, Buffer.from('\n# more\0')]), 'x')).resolves.toBeDefined();
  });

  it.each(jpegs)('is taken with notes and padding between its segments: %s', async (_, file) => {
    const note = Buffer.from([0xff, 0xed, 0, 6, 0xff, 0xda, 0xff, 0xd9]);
    const scan = file.indexOf(startOfScan);
    const noted = Buffer.concat([
      file.subarray(0, 2),
      note,
      file.subarray(2, scan),
      Buffer.from([0xff, 0xff]),
      note.subarray(1),
      file.subarray(scan, -2),
      Buffer.from([0, 0xff]),
      endOfImage,
    ]);
    const [plain, found] = [await decodePicture(file, 'x'), await decodePicture(noted, 'x')];
    expect(Buffer.compare(Buffer.from(found.pixels), Buffer.from(plain.pixels))).toBe(0);
  });
});
