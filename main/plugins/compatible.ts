import { CupbearerError } from '../../shared/errors.ts';
import { manifestName, type PluginManifest } from '../../shared/plugin/manifest.ts';
import { programVersion } from '../storage/program-version.ts';

/** @throws CupbearerError `usage` for a plugin that needs a newer program. */
export function checkProgram({ id, cupbearer }: PluginManifest): void {
  const program = programVersion();
  if (cupbearer === undefined || !isBefore(program, cupbearer)) return;
  throw new CupbearerError('usage', `The plugin "${id}" needs Cupbearer ${cupbearer}; this is ${program}.`, {
    details: { file: manifestName },
  });
}

function isBefore(a: string, b: string): boolean {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const at = left.findIndex((part, i) => part !== right[i]);
  return at !== -1 && left[at]! < right[at]!;
}

/** The three numbers of a version; what stands behind a dash comes before the version itself, and counts as the same here. */
function numbersOf(version: string): number[] {
  return version.split('-')[0]!.split('.').map(Number);
}
