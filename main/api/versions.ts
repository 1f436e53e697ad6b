import { createRequire } from 'node:module';
import { programVersion } from '../storage/program-version.ts';

const require = createRequire(import.meta.url);

function versionOf(packageFile: string): string {
  return (require(packageFile) as { version: string }).version;
}

/** Versions of everything that results may depend on; every run stores them. */
export function versions(): Record<string, string> {
  return {
    cupbearer: programVersion(),
    node: process.versions.node,
    tfjs: versionOf('@tensorflow/tfjs-core/package.json'),
    platform: `${process.platform}-${process.arch}`,
  };
}
