import { net } from 'electron';
import type { ResolvedUpdateFileInfo, UpdateInfo } from 'electron-updater';
import {
  parseUpdateInfo,
  Provider,
  resolveFiles,
  type ProviderRuntimeOptions,
} from 'electron-updater/out/providers/Provider.js';
import { isSigned, signatureSuffix } from './update-signature.ts';
import type { UpdateSource } from './update-source.ts';

/** A list of versions has some hundred bytes for each installer, and perhaps release notes. */
const mostBytes = 1_000_000;
const timeoutMs = 60_000;

/**
 * Provides electron-updater with the list of versions if it is signed with the program's key. The list holds the
 * SHA-512 of each installer, and electron-updater compares it with the file that it downloads. So a server, or
 * somebody between it and the program, can withhold a version but cannot make one.
 */
export class SignedVersions extends Provider<UpdateInfo> {
  readonly #source: UpdateSource;

  constructor(source: UpdateSource, options: ProviderRuntimeOptions) {
    super(options);
    this.#source = source;
  }

  /** @throws Error if the list cannot be fetched or is not signed. */
  override async getLatestVersion(): Promise<UpdateInfo> {
    const file = `${this.getDefaultChannelName()}.yml`;
    const address = new URL(file, this.#source.address);
    const list = await fetchBytes(address.href);
    const signature = await fetchBytes(address.href + signatureSuffix);
    if (!isSigned(list, signature.toString('latin1'), this.#source.key))
      throw new Error(`${address.href} is not signed with the key that this program knows. Nothing was downloaded.`);
    return parseUpdateInfo(list.toString('utf8'), file, address);
  }

  override resolveFiles(info: UpdateInfo): ResolvedUpdateFileInfo[] {
    return resolveFiles(info, new URL(this.#source.address));
  }
}

/** @throws Error if the server does not answer in time, not with a file, or with more than a list can have. */
async function fetchBytes(address: string): Promise<Buffer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await net.fetch(address, { signal, cache: 'no-store', credentials: 'omit' });
  if (!response.ok) throw new Error(`${address}: the server answered ${response.status} ${response.statusText}.`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`${address}: expected at most ${mostBytes} bytes, found more.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
