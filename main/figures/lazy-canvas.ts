import { createRequire } from 'node:module';
import type * as canvas from '@napi-rs/canvas';

type CanvasModule = typeof canvas;

const require = createRequire(import.meta.url);
let loaded: CanvasModule | undefined;

/**
 * Returns the library that figures are drawn with, which is loaded when the first one is: the host knows the code that draws,
 * and must not load a picture codec as long as it draws nothing.
 */
export function canvasLibrary(): CanvasModule {
  return (loaded ??= require('@napi-rs/canvas') as CanvasModule);
}
