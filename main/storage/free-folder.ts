import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A path in `base` that nothing is at and that is not taken otherwise: `name`, else with `-2`, `-3`, … behind it. Another
 * process may take it before it is created.
 */
export function freePath(base: string, name: string, isTaken: (path: string) => boolean = () => false): string {
  for (let count = 1; ; count++) {
    const path = join(base, count === 1 ? name : `${name}-${count}`);
    if (!existsSync(path) && !isTaken(path)) return path;
  }
}
