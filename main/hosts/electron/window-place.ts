import { existsSync } from 'node:fs';
import { z } from 'zod';
import { writePrivateFile } from '../../storage/private-files.ts';
import { readJsonFile } from '../../storage/read-file.ts';

const boundsSchema = z.object({ x: z.int(), y: z.int(), width: z.int().positive(), height: z.int().positive() });
const placeSchema = z.object({ bounds: boundsSchema, isMaximized: z.boolean() });

/** A rectangle on the screens, pixels. */
type Bounds = z.infer<typeof boundsSchema>;

/** Where a window was when it was closed. */
type WindowPlace = z.infer<typeof placeSchema>;

export const smallest = { width: 1024, height: 700 };
const usual = { width: 1440, height: 900 };

/** So much of the title bar must be seen, pixels, for a window to be moved by it. */
const visible = { width: 120, height: 40 };

/** Returns the stored place; undefined if there is none that can be read. */
export function readWindowPlace(path: string): WindowPlace | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return placeSchema.safeParse(readJsonFile(path)).data;
  } catch {
    return undefined;
  }
}

/** Stores a place; if that fails the window simply opens as usual the next time. */
export function storeWindowPlace(path: string, place: WindowPlace): void {
  try {
    writePrivateFile(path, JSON.stringify(place));
  } catch {
    // Nothing that a person would want to be stopped for at the end.
  }
}

/**
 * Size, and position where its title bar would be seen on one of the `screens` (of the whole desktop, pixels): screens
 * are unplugged, and a window outside of all of them cannot be reached.
 */
export function boundsOnScreen(
  stored: Bounds | undefined,
  screens: readonly Bounds[],
): { width: number; height: number; x?: number; y?: number } {
  const width = Math.max(stored?.width ?? usual.width, smallest.width);
  const height = Math.max(stored?.height ?? usual.height, smallest.height);
  if (!stored) return { width, height };
  const { x, y } = stored;
  const isSeen = screens.some(
    (screen) =>
      Math.min(x + width, screen.x + screen.width) - Math.max(x, screen.x) >= visible.width &&
      y >= screen.y &&
      y + visible.height <= screen.y + screen.height,
  );
  return isSeen ? { x, y, width, height } : { width, height };
}

/** The thickest title bar, pixels: a window that moved further was moved by the user. */
const thickestFrame = 120;

/**
 * How far the frame that a window manager has added moves a window from the place that it was given; none if it was not
 * that.
 */
export function frameOffset(wanted: Bounds, found: Bounds): { x: number; y: number } {
  const [x, y] = [found.x - wanted.x, found.y - wanted.y];
  const isFrame = [x, y].every((distance) => distance >= 0 && distance <= thickestFrame);
  return isFrame ? { x, y } : { x: 0, y: 0 };
}

/** The place that a window with a frame has to be given to be found at `found`. */
export function withoutFrame(found: Bounds, offset: { x: number; y: number }): Bounds {
  return { ...found, x: found.x - offset.x, y: found.y - offset.y };
}
