import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GlobalFonts } from '@napi-rs/canvas';

/** A family name that no system font has, so that figures look the same wherever they are drawn. */
export const figureFont = 'Cupbearer Inter';

/** What an SVG names instead, for viewers: text there stays text. */
export const svgFontStack = "Inter, 'Segoe UI', system-ui, 'Helvetica Neue', Arial, sans-serif";

let registered = false;

/** Makes the bundled typeface known to the canvas, once. @throws Error where a font file is missing. */
export function registerFonts(): void {
  if (registered) return;
  for (const file of ['Inter-Regular.ttf', 'Inter-SemiBold.ttf']) {
    const path = fileURLToPath(new URL(`../../resources/fonts/${file}`, import.meta.url));
    // Read here, since the canvas' own code would not find a file inside the archive of an installed program.
    if (GlobalFonts.register(readFileSync(path), figureFont) === null)
      throw new Error(`The font ${path} cannot be loaded.`);
  }
  registered = true;
}
