import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeOwnDataset, listOwnDatasets } from '../../main/data/own/own-datasets.ts';
import { pngBytes } from './png-bytes.ts';

const never = new AbortController().signal;
const note = '.cupbearer.json';

function picture(colour: string, side = 6): Buffer {
  const canvas = createCanvas(side, side);
  const context = canvas.getContext('2d');
  context.fillStyle = colour;
  context.fillRect(0, 0, side, side);
  return canvas.toBuffer('image/png');
}

/** A data folder with a dataset "pets" of two classes, five pictures each. */
function petsIn(bytesOf: (name: string, k: number) => Uint8Array): { dataDir: string; pets: string } {
  const dataDir = mkdtempSync(join(tmpdir(), 'cupbearer-own-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const pets = join(dataDir, 'own', 'pets');
  for (const name of ['cats', 'dogs']) {
    mkdirSync(join(pets, name), { recursive: true });
    for (let k = 0; k < 5; k++) writeFileSync(join(pets, name, `${k}.png`), bytesOf(name, k));
  }
  return { dataDir, pets };
}

describe('a dataset of the user', () => {
  it('is described by the headers of its first pictures where these say enough', async () => {
    // Nothing but headers: whoever decodes one of these fails.
    const { pets } = petsIn(() => pngBytes({ width: 4000, height: 3000 }).subarray(0, 100));
    expect(await describeOwnDataset('pets', pets, never)).toMatchObject({
      size: 32,
      colour: false,
      classes: ['cats', 'dogs'],
      samples: { train: 8, test: 2 },
      bytes: 1000,
    });
  });

  it('shows colours where one of its first pictures does', async () => {
    const grey = petsIn(() => picture('#777'));
    expect(await describeOwnDataset('pets', grey.pets, never)).toMatchObject({ size: 6, colour: false });
    const mixed = petsIn((name) => picture(name === 'dogs' ? '#778' : '#777', 300));
    expect(await describeOwnDataset('pets', mixed.pets, never)).toMatchObject({ size: 32, colour: true });
  });

  it('is described by the first pictures that are not damaged', async () => {
    const whole = picture('#f00', 300);
    const { pets } = petsIn((name, k) => (name === 'cats' && k < 3 ? whole.subarray(0, 100) : whole));
    expect(await describeOwnDataset('pets', pets, never)).toMatchObject({ size: 32, colour: true });
    const { pets: broken } = petsIn((name) => (name === 'cats' ? whole.subarray(0, 100) : whole));
    await expect(describeOwnDataset('pets', broken, never)).rejects.toMatchObject({ code: 'bad-data' });
  });

  it('is noted in its folder, and not looked into again until a file comes or goes', async () => {
    const { dataDir, pets } = petsIn(() => picture('#f00'));
    const [first] = await listOwnDatasets(dataDir, never);
    const file = join(pets, 'cats', '0.png');
    const { size } = statSync(file);
    writeFileSync(file, Buffer.alloc(size));
    expect(await listOwnDatasets(dataDir, never)).toEqual([first]);
    writeFileSync(join(pets, 'cats', '9.png'), picture('#f00'));
    rmSync(file);
    expect(await listOwnDatasets(dataDir, never)).toEqual([
      { ...first, bytes: first!.bytes - size + statSync(join(pets, 'cats', '9.png')).size },
    ]);
  });

  it.each(['', '{', '{"format":1}', '{"format":2}', '[]'])(
    'is looked into again where the note is %j',
    async (text) => {
      const { pets } = petsIn(() => picture('#f00'));
      const first = await describeOwnDataset('pets', pets, never);
      expect(existsSync(join(pets, note))).toBe(true);
      writeFileSync(join(pets, note), text);
      expect(await describeOwnDataset('pets', pets, never)).toEqual(first);
      expect(readFileSync(join(pets, note), 'utf8')).toContain('"format": 1');
    },
  );

  it('that cannot be described does not keep others from the list', async () => {
    const { dataDir } = petsIn(() => Buffer.from('no picture'));
    expect(await listOwnDatasets(dataDir, never)).toEqual([]);
    await expect(listOwnDatasets(dataDir, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });
});
