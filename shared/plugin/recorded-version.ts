import { recordedText } from '../schema/fields.ts';
import { pluginVersionSchema, type PluginVersion } from './manifest.ts';

/** The parameter of everything that a plugin adds: exactly which content of the plugin a result is of. */
export const pluginKey = 'plugin';

const form = /^([a-z0-9_-]{1,64})@([0-9A-Za-z.-]{1,64})#([0-9a-f]{64})$/;

/**
 * The parameter {@link pluginKey}: what is in use unless a spec names another content that was allowed, as that of an earlier run does.
 * As it is part of the spec, results of different contents are results of different specs.
 */
export function versionField(version: PluginVersion) {
  return recordedText({
    label: 'Plugin',
    help: 'Content of the plugin: its id, version and SHA-256; what is in use unless given',
    form,
    default: versionText(version),
  });
}

function versionText({ id, version, hash }: PluginVersion): string {
  return `${id}@${version}#${hash}`;
}

/** "my-idea 0.1.0 (1a2b3c4d)". */
export function versionWords({ id, version, hash }: PluginVersion): string {
  return `${id} ${version} (${hash.slice(0, 8)})`;
}

/** All contents of plugins that a spec names, each once, whatever is valid in it besides. */
export function pluginsIn(value: unknown): PluginVersion[] {
  const found = new Map<string, PluginVersion>();
  const look = (part: unknown) => {
    if (typeof part !== 'object' || part === null) return;
    if (!Array.isArray(part) && 'name' in part && pluginKey in part) {
      const version = versionOf((part as Record<string, unknown>)[pluginKey]);
      if (version) found.set(version.hash, version);
    }
    for (const inner of Object.values(part)) look(inner);
  };
  look(value);
  return [...found.values()];
}

function versionOf(text: unknown): PluginVersion | undefined {
  if (typeof text !== 'string') return undefined;
  const [, id, version, hash] = form.exec(text) ?? [];
  return pluginVersionSchema.safeParse({ id, version, hash }).data;
}
