import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCanvas, loadImage } from '@napi-rs/canvas';

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** Screenshots that README and docs show. Only these are kept in the repository. */
const documented = [
  'run-overview-light-1440',
  'run-activations-dark-1440',
  'run-samples-light-1440',
  'compare-light-1440',
  'new-task-dark-1440',
  'new-detectors-light-1440',
  'runs-light-1440',
];

/** Text stays sharp at this quality, and no picture takes more than 100 kB. */
const quality = 80;

/** Writes those of the screenshots in `taken` that the documentation shows to docs/images, as WebP. */
export async function keepDocumented(taken: string): Promise<void> {
  for (const name of documented) {
    const image = await loadImage(readFileSync(join(taken, `${name}.png`)));
    const canvas = createCanvas(image.width, image.height);
    canvas.getContext('2d').drawImage(image, 0, 0);
    writeFileSync(join(folder, `${name}.webp`), await canvas.encode('webp', quality));
  }
}
