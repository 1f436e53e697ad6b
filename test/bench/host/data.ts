import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';

/** A photograph of 12 megapixels as a JPEG: areas, edges and grain. Grey ones have three channels all the same. */
function photograph(isGrey: boolean): Buffer {
  const canvas = createCanvas(4032, 3024);
  const context = canvas.getContext('2d');
  for (let k = 0; k < 4000; k++) {
    const [red, green, blue] = [(k * 37) % 256, (k * 91) % 256, (k * 53) % 256];
    context.fillStyle = isGrey ? `rgb(${red}, ${red}, ${red})` : `rgb(${red}, ${green}, ${blue})`;
    context.fillRect((k * 977) % 4032, (k * 613) % 3024, 20 + (k % 300), 20 + ((k * 7) % 300));
  }
  return canvas.toBuffer('image/jpeg', 92);
}

/** Fills a folder with class folders that have a few copies of one photograph each. */
export function writePhotographs(folder: string, classes: number, each: number, isGrey: boolean): void {
  mkdirSync(folder, { recursive: true });
  const first = join(folder, '..', 'photograph.jpg');
  writeFileSync(first, photograph(isGrey));
  for (let k = 0; k < classes; k++) {
    const inside = join(folder, `class-${String(k).padStart(2, '0')}`);
    mkdirSync(inside);
    for (let i = 0; i < each; i++) copyFileSync(first, join(inside, `${i}.jpg`));
  }
}

/** Fills a folder as people fill theirs: files of all kinds in folders inside folders. */
export function writeHome(folder: string, files: number): void {
  const endings = ['txt', 'md', 'ts', 'json', 'jpg', 'pdf', 'log', 'png'];
  const perFolder = 40;
  for (let k = 0; k < files; k += perFolder) {
    const number = k / perFolder;
    const inside = join(folder, `area-${number % 20}`, `project-${number % 400}`, 'src', `part-${number}`);
    mkdirSync(inside, { recursive: true });
    for (let i = 0; i < perFolder; i++) writeFileSync(join(inside, `file-${i}.${endings[i % endings.length]}`), 'text');
  }
}
