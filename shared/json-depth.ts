/**
 * How many arrays and objects may stand inside one another in JSON from outside. Specs, drafts and run folders need fewer
 * than twenty; code that recurses over a value (JSON.stringify, hashing, schemas) overflows its stack at some thousands.
 */
export const mostJsonLevels = 64;

/** Returns whether more than `most` arrays and objects stand inside one another in a parsed value. Does not recurse. */
export function isDeeperThan(value: unknown, most: number = mostJsonLevels): boolean {
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
