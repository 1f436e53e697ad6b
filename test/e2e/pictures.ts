import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';

/** Writes two classes of ten small pictures each into a new folder, and gives its path. */
export function picturesOfPets(place: string): string {
  const folder = join(place, 'pets');
  for (const [k, name] of ['cats', 'dogs'].entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const canvas = createCanvas(16, 16);
      const context = canvas.getContext('2d');
      context.fillStyle = `rgb(${20 * i}, ${200 * k}, 90)`;
      context.fillRect(2, 2, 10, 12);
      writeFileSync(join(folder, name, `${i}.png`), canvas.toBuffer('image/png'));
    }
  }
  return folder;
}
