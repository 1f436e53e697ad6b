import { createRequire } from 'node:module';
import type * as canvas from '@napi-rs/canvas';
import { printable } from '../../shared/charts/svg-context.ts';

type CanvasModule = typeof canvas;

const require = createRequire(import.meta.url);
let loaded: CanvasModule | undefined;

/**
 * Returns the library that figures are drawn with, which is loaded when the first one is: the host knows the code that draws,
 * and must not load a picture codec as long as it draws nothing.
 */
export function canvasLibrary(): CanvasModule {
  return (loaded ??= load());
}

function load(): CanvasModule {
  const library = require('@napi-rs/canvas') as CanvasModule;
  const context = Object.getPrototypeOf(library.createCanvas(1, 1).getContext('2d')) as object;
  // The library throws at a NUL in a text, which a name from elsewhere may hold.
  for (const name of ['fillText', 'strokeText', 'measureText']) {
    const original = Reflect.get(context, name) as (text: string, ...rest: unknown[]) => unknown;
    Reflect.set(context, name, function (this: unknown, text: string, ...rest: unknown[]): unknown {
      return Reflect.apply(original, this, [printable(text), ...rest]);
    });
  }
  for (const name of ['arc', 'ellipse']) {
    const original = Reflect.get(context, name) as (...numbers: unknown[]) => unknown;
    Reflect.set(context, name, function (this: unknown, ...numbers: unknown[]): unknown {
      return numbers.every(isDrawable) ? Reflect.apply(original, this, numbers) : undefined;
    });
  }
  return library;
}

/**
 * A number that the library, which computes in float32, can draw at: any other in an arc aborts the whole process. Browsers pass over
 * such an arc, as the HTML standard has it.
 */
function isDrawable(value: unknown): boolean {
  return typeof value !== 'number' || Number.isFinite(Math.fround(value));
}
