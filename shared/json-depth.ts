import { usualJsonBounds } from './bounded-json.ts';

/** Returns whether a parsed value has more than `most` nested arrays and objects. Does not recurse. */
export function isDeeperThan(value: unknown, most: number = usualJsonBounds.mostDepth): boolean {
  let level: readonly object[] = isNested(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > most) return true;
    const below: object[] = [];
    for (const parent of level) for (const child of Object.values(parent)) if (isNested(child)) below.push(child);
    level = below;
  }
  return false;
}

/** Binary data has numbers alone in it, and listing those would take longer than anything else here. */
function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}
