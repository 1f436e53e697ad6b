import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUpdateInfo } from 'electron-updater/out/providers/Provider.js';
import { z } from 'zod';
import { parsePublicKey } from './update-signature.ts';

/** Where newer versions are, and whose signature they must have. */
export interface UpdateSource {
  /** The folder on the web that holds them; ends in a slash. */
  readonly address: string;
  readonly key: KeyObject;
}

/** An installed copy of the program. */
interface InstalledCopy {
  /** The folder beside the archive, where electron-builder puts app-update.yml. */
  readonly resources: string;
  /** The archive, whose package.json holds what `-c.extraMetadata` gave it. */
  readonly program: string;
  readonly platform: NodeJS.Platform;
}

const configSchema = z.object({
  provider: z.literal('generic', 'Updates need the provider "generic".'),
  url: z.url({ protocol: /^https?$/, error: 'Updates need the address of a folder on the web.' }),
  publisherName: z.union([z.string(), z.array(z.string())]).optional(),
});

const packageSchema = z.object({ updateKey: z.string('Updates need a key: -c.extraMetadata.updateKey=KEY.') });

/**
 * Returns where a copy gets newer versions; undefined if its build names no address. @throws Error that says what
 * the build lacks: an address needs a key, and on Windows a publisher, before programs are installed from it.
 */
export function readUpdateSource({ resources, program, platform }: InstalledCopy): UpdateSource | undefined {
  const configFile = join(resources, 'app-update.yml');
  if (!existsSync(configFile)) return undefined;
  // Reads YAML as electron-updater does, which reads this file too.
  const config = parseUpdateInfo(readFileSync(configFile, 'utf8'), configFile, new URL('file:'));
  const { url, publisherName } = parse(configSchema, config);
  const { updateKey } = parse(packageSchema, JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')));
  if (platform === 'win32' && (publisherName === undefined || publisherName.length === 0))
    throw new Error('Updates on Windows need a publisher: that of the certificate that the installer is signed with.');
  return { address: url.endsWith('/') ? url : `${url}/`, key: parsePublicKey(updateKey) };
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  if (error) throw new Error(error.issues[0]!.message);
  return data;
}
