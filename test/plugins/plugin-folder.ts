import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { PluginLaunch } from '../../main/plugins/plugin-launch.ts';
import { manifestSchema, type PluginManifest } from '../../shared/plugin/manifest.ts';

/** Returns a plugin of these files, which go with the test; its snapshot lies elsewhere than its author's folder. */
export function pluginOf(
  files: Readonly<Record<string, string>>,
  manifest: Partial<PluginManifest> = {},
  options: { python?: string } = {},
): PluginLaunch {
  const content = mkdtempSync(join(tmpdir(), 'plugin-content-'));
  const folder = mkdtempSync(join(tmpdir(), 'plugin-authors-'));
  onTestFinished(() => {
    for (const made of [content, folder]) rmSync(made, { recursive: true, force: true });
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(content, name), text);
  return {
    version: { id: 'my-idea', version: '0.1.0', hash: '0'.repeat(64) },
    manifest: manifestSchema.parse({
      id: 'my-idea',
      version: '0.1.0',
      language: 'typescript',
      entry: Object.keys(files)[0],
      adds: [{ kind: 'detector', id: 'my-idea' }],
      ...manifest,
    }),
    folder,
    content,
    ...options,
  };
}
