import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SKRSContext2D } from '@napi-rs/canvas';
import type { MeasureText } from '../../shared/charts/svg-context.ts';
import { canvasLibrary } from './lazy-canvas.ts';

/** A family name that no system font has, so that figures look the same wherever they are drawn. */
export const figureFont = 'Cupbearer Inter';

let registered = false;

/** Makes the bundled typeface known to the canvas, once. @throws Error if a font file is missing. */
export function registerFonts(): void {
  if (registered) return;
  for (const file of ['Inter-Regular.ttf', 'Inter-SemiBold.ttf']) {
    const path = fileURLToPath(new URL(`../../resources/fonts/${file}`, import.meta.url));
    // Read here, since the canvas' own code would not find a file inside the archive of an installed program.
    if (canvasLibrary().GlobalFonts.register(readFileSync(path), figureFont) === null)
      throw new Error(`The font ${path} cannot be loaded.`);
  }
  registered = true;
}

let ruler: SKRSContext2D | undefined;

/** Measures text in a font that is known to the canvas. */
export const measureText: MeasureText = (font, text) => {
  ruler ??= canvasLibrary().createCanvas(1, 1).getContext('2d');
  ruler.font = font;
  return ruler.measureText(text);
};
